//! FTP servers that this project did not write, one for each test that needs it.

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::processes::{Server, free_port, program, wait_for_port};
use super::servers::{a_certificate, keep, text};

/// vsftpd, a server that this project did not write, with an anonymous user.
pub struct Vsftpd {
    pub port: u16,
    /// Of its own authority, when it encrypts.
    pub certificate: PathBuf,
    _server: Server,
}

/// How an FTP server encrypts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FtpTls {
    None,
    /// After `AUTH TLS`; data connections must resume the session.
    Explicit,
    Implicit,
}

impl Vsftpd {
    pub fn start(files: &Path) -> Vsftpd {
        Vsftpd::start_with(files, FtpTls::None, "TLSv1.3")
    }

    /// Encrypting, with that version of TLS (`TLSv1.2`) at most.
    pub fn start_with(files: &Path, tls: FtpTls, newest: &str) -> Vsftpd {
        let folder = keep(tempfile::Builder::new().prefix("cp-vsftpd-"));
        let port = free_port();
        let settings = format!(
            "listen=YES\nlisten_port={port}\nlisten_address=127.0.0.1\nbackground=NO\nrun_as_launching_user=YES\n\
             anonymous_enable=YES\nlocal_enable=NO\nanon_root={}\nno_anon_password=YES\n\
             seccomp_sandbox=NO\nisolate=NO\nisolate_network=NO\npasv_address=127.0.0.1\nxferlog_enable=NO\n{}",
            text(files),
            tls.settings(&folder)
        );
        let settings_file = folder.join("vsftpd.conf");
        std::fs::write(&settings_file, settings).unwrap();
        let openssl = folder.join("openssl.cnf");
        let versions = format!(
            "openssl_conf = all\n[all]\nssl_conf = ssl\n[ssl]\nsystem_default = versions\n[versions]\nMaxProtocol = {newest}\n"
        );
        std::fs::write(&openssl, versions).unwrap();
        let environment = format!("OPENSSL_CONF={}", text(&openssl));
        let server = Server::start(
            &folder,
            &[
                "env",
                &environment,
                &program("vsftpd"),
                &text(&settings_file),
            ],
        );
        wait_for_port(port, "vsftpd");
        Vsftpd {
            port,
            certificate: folder.join("cert.pem"),
            _server: server,
        }
    }
}

/// pyftpdlib, another server that this project did not write; it speaks MLSD, which vsftpd does
/// not.
pub struct Pyftpdlib {
    pub port: u16,
    /// Of its own authority, when it encrypts.
    pub certificate: PathBuf,
    /// One process for all connections.
    pub server: Server,
}

impl Pyftpdlib {
    /// With TLS of that version (`TLSv1.2`) at most, or without.
    pub fn start(files: &Path, tls: Option<&str>) -> Pyftpdlib {
        Pyftpdlib::start_with_names(files, tls, "utf-8")
    }

    /// Which writes names in an encoding such as `cp1251`.
    pub fn start_with_names(files: &Path, tls: Option<&str>, encoding: &str) -> Pyftpdlib {
        let folder = keep(tempfile::Builder::new().prefix("cp-pyftpdlib-"));
        let port = free_port();
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/support/ftp/server.py");
        // Beside schemathesis, in the environment that tests/run makes.
        let python = Path::new(&program("schemathesis")).with_file_name("python");
        let both = folder.join("both.pem");
        let encoding = format!("NAME_ENCODING={encoding}");
        let mut command = vec![
            "env".to_owned(),
            encoding,
            text(&python),
            text(&script),
            text(files),
            port.to_string(),
        ];
        if let Some(newest) = tls {
            a_certificate(&folder);
            let parts = ["key.pem", "cert.pem"]
                .map(|name| std::fs::read_to_string(folder.join(name)).unwrap());
            std::fs::write(&both, parts.concat()).unwrap();
            command.extend([text(&both), newest.to_owned()]);
        }
        let command: Vec<&str> = command.iter().map(String::as_str).collect();
        let server = Server::start(&folder, &command);
        wait_for_port(port, "pyftpdlib");
        Pyftpdlib {
            port,
            certificate: folder.join("cert.pem"),
            server,
        }
    }
}

impl FtpTls {
    /// As the program's setting names it.
    pub fn setting(self) -> &'static str {
        match self {
            FtpTls::None => "none",
            FtpTls::Explicit => "explicit",
            FtpTls::Implicit => "implicit",
        }
    }

    fn settings(self, folder: &Path) -> String {
        if self == FtpTls::None {
            return String::new();
        }
        a_certificate(folder);
        let implicit = if self == FtpTls::Implicit {
            "YES"
        } else {
            "NO"
        };
        let folder = text(folder);
        format!(
            "ssl_enable=YES\nallow_anon_ssl=YES\nforce_anon_logins_ssl=YES\nforce_anon_data_ssl=YES\n\
             rsa_cert_file={folder}/cert.pem\nrsa_private_key_file={folder}/key.pem\nrequire_ssl_reuse=YES\n\
             ssl_ciphers=HIGH\nimplicit_ssl={implicit}\n"
        )
    }
}

/// proftpd, which speaks MLSD and demands that data connections resume the session. Its package
/// excludes vsftpd's, so tests/run unpacks it with its libraries beside the build.
pub struct Proftpd {
    pub port: u16,
    /// Of its own authority, when it encrypts.
    pub certificate: PathBuf,
    _server: Server,
}

impl Proftpd {
    /// Who may log in, and with which password.
    pub const LOGIN: (&str, &str) = ("reader", "secret");

    /// With TLS of that version (`TLSv1.2`), or without.
    pub fn start(files: &Path, tls: Option<&str>) -> Proftpd {
        let folder = keep(tempfile::Builder::new().prefix("cp-proftpd-"));
        let (port, own) = (free_port(), text(&folder));
        let daemon = program("proftpd");
        let root = Path::new(&daemon).ancestors().nth(3).unwrap();
        let owner = std::fs::metadata("/proc/self").unwrap();
        let (uid, gid) = (owner.uid(), owner.gid());
        let [user, group] = ["-un", "-gn"].map(|what| printed(Command::new("id").arg(what)));
        let (name, password) = Proftpd::LOGIN;
        let hash = printed(Command::new(program("openssl")).args(["passwd", "-5", password]));
        private(
            &folder.join("passwd"),
            &format!("{name}:{}:{uid}:{gid}::{}:/bin/sh\n", hash, text(files)),
        );
        private(&folder.join("group"), &format!("{name}:x:{gid}:\n"));
        let mut settings = format!(
            "ServerName test\nServerType standalone\nPort {port}\nDefaultAddress 127.0.0.1\nUseIPv6 off\n\
             User {user}\nGroup {group}\nRootLogin on\nModulePath {}\nPidFile {own}/pid\n\
             ScoreboardFile {own}/scoreboard\nDelayEngine off\nUseReverseDNS off\nWtmpLog off\n\
             TransferLog none\nSystemLog {own}/system.log\nRequireValidShell off\n\
             AuthOrder mod_auth_file.c\nAuthUserFile {own}/passwd\nAuthGroupFile {own}/group\n",
            text(&root.join("usr/lib/proftpd"))
        );
        if let Some(version) = tls {
            a_certificate(&folder);
            settings += &format!(
                "LoadModule mod_tls.c\nTLSEngine on\nTLSRequired on\nTLSProtocol {version}\n\
                 TLSRSACertificateFile {own}/cert.pem\nTLSRSACertificateKeyFile {own}/key.pem\n"
            );
        }
        let settings_file = folder.join("proftpd.conf");
        std::fs::write(&settings_file, settings).unwrap();
        let libraries = std::fs::read_dir(root.join("usr/lib"))
            .unwrap()
            .map(|entry| text(&entry.unwrap().path()));
        let libraries: Vec<String> = libraries
            .filter(|path| path.ends_with("-linux-gnu"))
            .collect();
        let environment = format!("LD_LIBRARY_PATH={}", libraries.join(":"));
        let server = Server::start(
            &folder,
            &[
                "env",
                &environment,
                &daemon,
                "-n",
                "-c",
                &text(&settings_file),
            ],
        );
        wait_for_port(port, "proftpd");
        Proftpd {
            port,
            certificate: folder.join("cert.pem"),
            _server: server,
        }
    }
}

/// Writes a file that only its owner may read.
fn private(path: &Path, content: &str) {
    use std::os::unix::fs::PermissionsExt;
    std::fs::write(path, content).unwrap();
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).unwrap();
}

fn printed(command: &mut Command) -> String {
    String::from_utf8(command.output().unwrap().stdout)
        .unwrap()
        .trim()
        .to_owned()
}
