//! `man` and `completions`: the command line described, for packages.

use std::io::Write;
use std::path::{Path, PathBuf};

use clap::{Args, Command};
use clap_complete::Shell;

#[derive(Args)]
pub struct Man {
    /// Write a page for each command into this folder, instead of printing the first one.
    #[arg(long, value_name = "PATH")]
    dir: Option<PathBuf>,
}

impl Man {
    pub fn run(self, command: Command) -> anyhow::Result<()> {
        match self.dir {
            Some(folder) => write_pages(command, &folder),
            None => print(|out| clap_mangen::Man::new(command.clone()).render(out)),
        }
    }
}

#[derive(Args)]
pub struct Completions {
    /// The shell that reads them.
    shell: Shell,
}

impl Completions {
    pub fn run(self, mut command: Command) -> anyhow::Result<()> {
        let name = command.get_name().to_owned();
        print(|out| {
            clap_complete::generate(self.shell, &mut command, name.clone(), out);
            Ok(())
        })
    }
}

fn write_pages(command: Command, folder: &Path) -> anyhow::Result<()> {
    std::fs::create_dir_all(folder)?;
    Ok(clap_mangen::generate_to(command, folder)?)
}

/// Prints what is rendered as a whole: a reader that has seen enough, such as head, is no fault.
fn print(mut render: impl FnMut(&mut Vec<u8>) -> std::io::Result<()>) -> anyhow::Result<()> {
    let mut text = Vec::new();
    render(&mut text)?;
    match std::io::stdout().write_all(&text) {
        Err(err) if err.kind() != std::io::ErrorKind::BrokenPipe => Err(err.into()),
        _ => Ok(()),
    }
}
