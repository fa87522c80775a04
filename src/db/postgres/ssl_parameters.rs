//! The parameters of a PostgreSQL URL that say how it is encrypted; the driver knows only some.

use std::path::PathBuf;

use super::encryption::{Encryption, StreamLimits};
use crate::tls::{ClientIdentity, Trust};

#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct SslParameters {
    mode: Option<String>,
    root_certificate: Option<PathBuf>,
    certificate: Option<PathBuf>,
    key: Option<PathBuf>,
}

impl SslParameters {
    /// Takes the parameters off a URL; returns what is left of it, and them.
    ///
    /// # Errors
    /// Which parameter can't be read.
    pub fn split_off(url: &str) -> Result<(String, SslParameters), String> {
        let Some((base, query)) = url.split_once('?') else {
            return Ok((url.to_owned(), SslParameters::default()));
        };
        let pairs: Vec<(String, String)> = serde_urlencoded::from_str(query)
            .map_err(|err| format!("its parameters can't be read: {err}"))?;
        let mut parameters = SslParameters::default();
        let mut rest = Vec::new();
        for (name, value) in pairs {
            match name.as_str() {
                "sslmode" => parameters.mode = Some(value),
                "sslrootcert" => parameters.root_certificate = Some(PathBuf::from(value)),
                "sslcert" => parameters.certificate = Some(PathBuf::from(value)),
                "sslkey" => parameters.key = Some(PathBuf::from(value)),
                _ => rest.push((name, value)),
            }
        }
        let rest = serde_urlencoded::to_string(rest)
            .map_err(|err| format!("its parameters can't be read: {err}"))?;
        // A space is `%20` to the driver.
        let rest = rest.replace('+', "%20");
        Ok((format!("{base}?{rest}"), parameters))
    }

    /// Returns how connections are encrypted: as libpq does, but that a file of authorities
    /// without `sslmode` demands a certificate for the server's name.
    ///
    /// # Errors
    /// What can't be used.
    pub fn encryption(
        self,
        ca_file: Option<PathBuf>,
        limits: StreamLimits,
    ) -> Result<Encryption, String> {
        let roots = self.root_certificate.or(ca_file);
        let default = match roots {
            Some(_) => "verify-full",
            None => "prefer",
        };
        let mode = self.mode.as_deref().unwrap_or(default);
        let trust = match (mode, &roots) {
            ("disable", _) => return Ok(Encryption::disabled(limits)),
            ("prefer", _) => Trust::Any,
            ("require", None) => Trust::Any,
            ("require" | "verify-ca", _) => Trust::Authority(roots),
            ("verify-full", _) => Trust::Full(roots),
            (other, _) => {
                return Err(format!(
                    "sslmode={other} is none of disable, prefer, require, verify-ca and verify-full"
                ));
            }
        };
        let identity = match (self.certificate, self.key) {
            (Some(certificate), Some(key)) => Some(ClientIdentity { certificate, key }),
            (None, None) => None,
            (Some(_), None) => return Err("sslcert needs sslkey beside it".to_owned()),
            (None, Some(_)) => return Err("sslkey needs sslcert beside it".to_owned()),
        };
        Encryption::new(&trust, identity.as_ref(), mode == "prefer", limits)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by it")]
mod tests {
    use std::time::Duration;

    use super::*;

    const LIMITS: StreamLimits = StreamLimits {
        negotiation: Duration::from_secs(1),
        silence: Duration::from_secs(1),
    };

    #[test]
    fn what_concerns_encryption_is_taken_off_the_url() {
        let url = "postgres://u:p%40w@h:5432/db?sslmode=verify-full&application_name=a%20b&sslrootcert=%2Fca.pem";
        let (rest, parameters) = SslParameters::split_off(url).unwrap();
        assert_eq!(rest, "postgres://u:p%40w@h:5432/db?application_name=a%20b");
        assert_eq!(
            parameters,
            SslParameters {
                mode: Some("verify-full".to_owned()),
                root_certificate: Some(PathBuf::from("/ca.pem")),
                ..SslParameters::default()
            }
        );
    }

    #[test]
    fn what_can_not_be_used_is_named() {
        let error = |query: &str| {
            let (_, parameters) =
                SslParameters::split_off(&format!("postgres://h/db?{query}")).unwrap();
            parameters.encryption(None, LIMITS).err().unwrap()
        };
        assert!(error("sslmode=sometimes").starts_with("sslmode=sometimes is none of disable"));
        assert_eq!(error("sslcert=/c.pem"), "sslcert needs sslkey beside it");
        assert_eq!(error("sslkey=/k.pem"), "sslkey needs sslcert beside it");
        let missing = error("sslmode=verify-ca&sslrootcert=/missing/ca.pem");
        assert!(
            missing.starts_with("/missing/ca.pem can't be used: "),
            "{missing}"
        );
    }
}
