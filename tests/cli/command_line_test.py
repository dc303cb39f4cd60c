# SPDX-License-Identifier: Apache-2.0
"""What every command has in common."""

from programs import ProgramTest, agent, quoin

QUOIN_COMMANDS = [["keys"], ["keys", "init"], ["build"], ["inspect"], ["verify"], ["diff"], ["run"]]
AGENT_COMMANDS = [["status"], ["install"], ["confirm"], ["rollback"]]


class CommandLine(ProgramTest):
    def test_version(self):
        """--version prints one line with the program's name and version"""
        for program, name in ((quoin, "quoin"), (agent, "quoin-agent")):
            line = self.succeed(program("--version")).output
            self.assertRegex(line, rf"^{name} \d+\.\d+\.\d+\n$")

    def test_help_of_each_command(self):
        """each command's --help, or -h, succeeds and says something on stdout only"""
        for program, commands in ((quoin, QUOIN_COMMANDS), (agent, AGENT_COMMANDS)):
            for command in [[], *commands]:
                result = self.succeed(program(*command, "--help"))
                self.assertGreater(len(result.output.splitlines()), 3, command)
                self.assertEqual("", result.complaints, command)
                self.assertEqual(result.output, self.succeed(program(*command, "-h")).output)

    def test_options_of_every_command(self):
        """the agent's help of a command says where the options of all commands are told"""
        self.assertIn("--json", self.succeed(agent("--help")).output)
        for command in AGENT_COMMANDS:
            self.assertIn("quoin-agent --help", self.succeed(agent(*command, "--help")).output)

    def test_examples_come_first(self):
        """--help shows examples before it lists options"""
        for program in (quoin, agent):
            text = self.succeed(program("--help")).output
            self.assertIn("Examples", text)
            self.assertLess(text.index("Examples"), text.index("--version"))

    def test_unknown_option(self):
        """an unknown option ends with status 2 and one message on stderr"""
        for program, command in ((quoin, ["build", "x.toml"]), (agent, ["status"])):
            result = self.assert_status(2, program(*command, "--no-such-option"))
            self.assertIn("--no-such-option", result.complaints)
            self.assertEqual("", result.output)

    def test_unknown_command(self):
        """a mistyped command ends with status 2 and its name"""
        for program, words in ((quoin, ["biuld", "x.toml", "-o", "out"]), (quoin, ["keys", "biuld"]),
                               (agent, ["biuld"]), (agent, ["biuld", "--json"]),
                               (agent, ["biuld", "install"])):
            result = self.assert_status(2, program(*words))
            self.assertIn("'biuld' is neither a command nor an option", result.complaints)

    def test_unknown_option_first(self):
        """an unknown option is named even when something else is missing, too"""
        for program, words in ((quoin, ["--frob"]), (quoin, ["build", "--frob"]), (agent, ["--frob"]),
                               (agent, ["install", "--frob"])):
            result = self.assert_status(2, program(*words))
            self.assertIn("'--frob' is neither a command nor an option", result.complaints)

    def test_missing_command(self):
        """without a command both programs end with status 2"""
        for program in (quoin, agent):
            self.assertIn("is required", self.assert_status(2, program()).complaints)

    def test_missing_argument(self):
        """a command without its argument ends with status 2"""
        self.assert_status(2, quoin("build"))
        self.assert_status(2, quoin("diff", "only-one"))
        self.assert_status(2, agent("install"))

    def test_empty_values(self):
        """an empty value of an option, as a variable that is not set, is refused by the option's name"""
        for option in ("--disk", "--esp", "--state", "--trust", "--config", "--required", "--max-bytes"):
            for more in ([], ["--disk", "disk", "--esp", "esp", "--state", "state"]):
                result = self.assert_status(2, agent("install", "x.quoin", *more, option, ""))
                self.assertIn(f"{option}: ", result.complaints)
                self.assertNotIn("this is not a node", result.complaints)

    def test_sizes(self):
        """a size that is none is refused by the option's name, with what was expected"""
        for size in ("", "20 M", "much", "-1"):
            result = self.assert_status(2, agent("install", "x.quoin", "--max-bytes", size))
            self.assertIn(f"--max-bytes: '{size}' is not a size, expected bytes", result.complaints)

    def test_number_out_of_range(self):
        """a number of signatures that cannot be is answered with the ones that can"""
        for result in (quoin("verify", "x.quoin", "--trust", "x.pub", "--required", "0"),
                       agent("--required", "0", "status")):
            self.assert_status(2, result)
            self.assertIn("Value 0 not in range 1 to 1000;", result.complaints)

    def test_missing_file(self):
        """a file that is not there is named in one line that ends with the cause"""
        for result in (quoin("inspect", "/no/such.quoin"), quoin("build", "/no/such.toml")):
            self.assertIn(result.status, (1, 2), result.complaints)
            self.assertEqual(1, len(result.complaints.strip().splitlines()), result.complaints)
            self.assertIn("/no/such", result.complaints)
            self.assertIn("No such file or directory", result.complaints)

    def test_no_escape_codes(self):
        """output that is not a terminal's has no escape codes"""
        for result in (quoin("--help"), agent("--help"), quoin("build", "/no/such.toml")):
            self.assertNotIn("\x1b", result.output + result.complaints)


