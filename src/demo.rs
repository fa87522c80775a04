//! An invented holding and the FTP server that its 1C exports lie on.
//!
//! For `demo`, tests and benchmarks: the workbooks are written the way 1C writes them, quirks
//! included, and travel the same road as real ones. All names and figures are made up.

mod files;
mod ftp_server;
mod loans;
mod situations;
mod workbook_writer;

pub use files::{Portfolio, expenses_export, write_exports};
pub use ftp_server::DemoFtpServer;
pub use workbook_writer::{Cell, Sheet};
