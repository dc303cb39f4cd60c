class Interrupted(ProgramTest):
    def test_every_stage(self):
        """Ctrl+C at the start of any stage leaves nothing behind, the directory included"""
        directory = new_directory()
        recipe = write_recipe(directory, "1.0.0", f'tar = "{root_tar()}"')
        command = quoin_command("build", recipe, "-o", directory / "out", "--keys", keys(), "-v")
        with subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL) as whole:
            stages = [line for line in whole.stderr if b"warning" not in line]
        self.assertEqual(0, whole.returncode)
        self.assertGreaterEqual(len(stages), 7)
        for path in (directory / "out").iterdir():
            path.unlink()
        (directory / "out").rmdir()
        for stage in stages:
            with subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL) as build:
                said = []
                for line in build.stderr:
                    said.append(line)
                    if line == stage:
                        build.send_signal(signal.SIGINT)
            self.assertEqual(1, build.returncode, stage)
            self.assertIn(b"interrupted", said[-1], stage)
            self.assertFalse((directory / "out").exists(), stage)


