// SPDX-License-Identifier: Apache-2.0
#include "web_server.hpp"

#include "base/error.hpp"

#include <arpa/inet.h>
#include <chrono>
#include <ctime>
#include <fstream>
#include <netinet/in.h>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>

namespace quoin::test {

namespace {

sockaddr_in loopback(unsigned port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    return address;
}

/// A port that was free a moment ago.
unsigned free_port() {
    const UniqueFd listener(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address = loopback(0);
    socklen_t size = sizeof(address);
    if (::bind(listener.get(), reinterpret_cast<sockaddr*>(&address), size) != 0 ||
        ::getsockname(listener.get(), reinterpret_cast<sockaddr*>(&address), &size) != 0)
        throw system_error("cannot find a free port");
    return ntohs(address.sin_port);
}

void wait_for(unsigned port, const std::string& error_log) {
    for (int tries = 0; tries < 200; ++tries) {
        const UniqueFd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
        const sockaddr_in address = loopback(port);
        if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) ==
            0)
            return;
        std::this_thread::sleep_for(std::chrono::milliseconds(25));
    }
    throw Error("the test's web server does not start: " + read_text(error_log));
}

/// The first line of what a server of ours prints.
unsigned printed_port(const StreamingProcess& process, const std::string& messages) {
    std::string line;
    for (char next = 0; ::read(process.output().get(), &next, 1) == 1 && next != '\n';)
        line += next;
    if (line.empty())
        throw Error("a server of the test does not start: " + read_text(messages));
    return static_cast<unsigned>(std::stoul(line));
}

void write_text(const std::string& path, const std::string& text) {
    std::ofstream(path) << text;
}

/// As "openssl ca" wants it.
std::string time_text(std::chrono::system_clock::time_point time) {
    const std::time_t seconds = std::chrono::system_clock::to_time_t(time);
    std::tm parts{};
    char text[32];
    if (::gmtime_r(&seconds, &parts) == nullptr ||
        std::strftime(text, sizeof(text), "%Y%m%d%H%M%SZ", &parts) == 0)
        throw Error("cannot write a time");
    return text;
}

/// server.key and server.crt, which signs itself. Only "openssl ca" can say from when on it is
/// valid.
void make_certificate(const std::string& own, std::chrono::system_clock::time_point valid_from) {
    write_text(own + "/index", "");
    write_text(own + "/serial", "01\n");
    write_text(own + "/ca.conf",
               "[ca]\ndefault_ca = ours\n[ours]\nserial = " + own + "/serial\ndatabase = " + own +
                   "/index\nnew_certs_dir = " + own +
                   "\ndefault_md = sha256\npolicy = names\nx509_extensions = ours_too\n"
                   "[names]\ncommonName = supplied\n"
                   "[ours_too]\nsubjectAltName = DNS:localhost\n");
    run_checked({"openssl", "req", "-new", "-newkey", "rsa:2048", "-nodes", "-subj",
                 "/CN=localhost", "-keyout", own + "/server.key", "-out", own + "/request"});
    run_checked({"openssl", "ca", "-batch", "-notext", "-selfsign", "-config", own + "/ca.conf",
                 "-keyfile", own + "/server.key", "-in", own + "/request", "-out",
                 own + "/server.crt", "-startdate", time_text(valid_from), "-enddate",
                 time_text(valid_from + std::chrono::hours(24))});
}

} // namespace

bool Nginx::available() {
    for (const char* path : {"/usr/sbin/nginx", "/usr/bin/nginx"})
        if (exists(path))
            return true;
    return false;
}

Nginx::Nginx(const std::string& directory, std::chrono::seconds valid_in)
    : port_(free_port()), secure_port_(free_port()) {
    const std::string own = own_.path();
    make_certificate(own, std::chrono::system_clock::now() + valid_in);
    write_text(own + "/nginx.conf",
               "daemon off; master_process off; pid " + own + "/pid; error_log " + own +
                   "/errors;\n"
                   "events {}\n"
                   "http {\n"
                   "  log_format short '$server_protocol $status $http_range';\n"
                   "  access_log " +
                   own +
                   "/access short;\n"
                   "  client_body_temp_path " +
                   own + "/body; proxy_temp_path " + own + "/proxy; fastcgi_temp_path " + own +
                   "/fastcgi; uwsgi_temp_path " + own + "/uwsgi; scgi_temp_path " + own +
                   "/scgi;\n"
                   "  server {\n"
                   "    listen 127.0.0.1:" +
                   std::to_string(port_) +
                   ";\n"
                   "    listen 127.0.0.1:" +
                   std::to_string(secure_port_) +
                   " ssl http2;\n"
                   "    ssl_certificate " +
                   own +
                   "/server.crt;\n"
                   "    ssl_certificate_key " +
                   own +
                   "/server.key;\n"
                   "    root " +
                   directory +
                   ";\n"
                   "    location /token/ { if ($http_x_token != secret) { return 403; }\n"
                   "      rewrite ^/token/(.*)$ /$1 break; }\n"
                   "    location /to-http/ { rewrite ^/to-http/(.*)$ http://127.0.0.1:" +
                   std::to_string(port_) +
                   "/$1 redirect; }\n"
                   "  }\n"
                   "}\n");
    write_text(own + "/messages", "");
    process_ = std::make_unique<StreamingProcess>(
        std::vector<std::string>{"/usr/sbin/nginx", "-p", own, "-c", own + "/nginx.conf", "-e",
                                 own + "/errors"},
        own + "/messages");
    wait_for(port_, own + "/messages");
}

std::string Nginx::url(const std::string& file) const {
    return "http://127.0.0.1:" + std::to_string(port_) + "/" + file;
}

std::string Nginx::secure_url(const std::string& file) const {
    return "https://localhost:" + std::to_string(secure_port_) + "/" + file;
}

std::string Nginx::certificate() const {
    return own_.path() + "/server.crt";
}

std::vector<std::string> Nginx::log(std::size_t expected) const {
    std::vector<std::string> lines;
    for (int tries = 0; tries < 80 && lines.size() < expected; ++tries) {
        std::this_thread::sleep_for(std::chrono::milliseconds(25));
        lines.clear();
        std::ifstream file(own_.path() + "/access");
        for (std::string line; std::getline(file, line);)
            lines.push_back(line);
    }
    return lines;
}

BadServer::BadServer(const std::string& file) {
    const std::string messages = own_.path() + "/messages";
    process_ = std::make_unique<StreamingProcess>(
        std::vector<std::string>{"python3", SUPPORT_DIRECTORY "/bad_server.py", file}, messages);
    port_ = printed_port(*process_, messages);
}

std::string BadServer::url(const std::string& behaviour) const {
    return "http://127.0.0.1:" + std::to_string(port_) + "/" + behaviour;
}

ConnectProxy::ConnectProxy(const std::string& refusal) {
    const std::string messages = own_.path() + "/messages";
    std::vector<std::string> command{"python3", SUPPORT_DIRECTORY "/connect_proxy.py"};
    if (!refusal.empty())
        command.push_back(refusal);
    process_ = std::make_unique<StreamingProcess>(command, messages);
    port_ = printed_port(*process_, messages);
}

std::string ConnectProxy::seen() const {
    return read_text(own_.path() + "/messages");
}

} // namespace quoin::test
