//! Trust in an FTP server that speaks TLS.
//!
//! One connector serves the control connection and every data connection after it, so that servers
//! which demand the same session find it resumed.

use std::sync::Arc;

use suppaftp::tokio_rustls::TlsConnector;

use crate::config::FtpSettings;
use crate::import::sources::SourceError;
use crate::tls::{Trust, client_config};

/// What opens TLS connections to that server.
pub(super) fn connector(settings: &FtpSettings) -> Result<TlsConnector, SourceError> {
    let trust = match settings.danger_accept_invalid_certs {
        true => Trust::Any,
        false => Trust::Full(settings.ca_file.clone()),
    };
    let config = client_config(&trust, None).map_err(|err| match &settings.ca_file {
        Some(_) => SourceError::permanent(format!("FTP_CA_FILE: {err}")),
        None => SourceError::permanent(err),
    })?;
    Ok(TlsConnector::from(Arc::new(config)))
}
