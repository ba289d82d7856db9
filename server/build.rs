//! Rebuilds the crate when a migration changes, for the migrations are embedded at compile time; and lays the released program out
//! so that it takes little memory at rest.

use std::path::Path;
use std::process::Command;
use std::{env, fs};

fn main() {
    println!("cargo:rerun-if-changed=../migrations");
    println!("cargo:rerun-if-changed=rare.ld");
    if !links_as_usual() {
        return;
    }
    // A copy, because the target folder may be kept while the sources move.
    let layout = Path::new(&env::var_os("OUT_DIR").expect("cargo names the folder")).join("rare.ld");
    fs::copy("rare.ld", &layout).expect("the layout is there, and can be copied");
    println!("cargo:rustc-link-arg-bins=-T{}", layout.display());
    if packs_relocations() {
        println!("cargo:rustc-link-arg-bins=-Wl,-z,pack-relative-relocs");
    }
}

/// Whether this is a release for Linux with the C library and the linker that are usual there: both LLVM's and GNU's understand what
/// they are told here, others may not. Whoever has flags of their own (`RUSTFLAGS`) is left alone.
fn links_as_usual() -> bool {
    let is = |variable: &str, value: &str| env::var(variable).is_ok_and(|is| is == value);
    is("PROFILE", "release")
        && is("CARGO_CFG_TARGET_OS", "linux")
        && is("CARGO_CFG_TARGET_ENV", "gnu")
        && is("CARGO_ENCODED_RUSTFLAGS", "")
        && env::var_os("RUSTC_LINKER").is_none()
}

/// Whether the C library of this machine, for which is built, can read packed relocations (`DT_RELR`): glibc can since 2.36. Older
/// ones refuse to start a program that has them, as they do one that needs a newer function.
fn packs_relocations() -> bool {
    let version = || {
        let asked = Command::new("getconf").arg("GNU_LIBC_VERSION").output().ok()?;
        let (major, minor) = str::from_utf8(&asked.stdout).ok()?.trim().strip_prefix("glibc ")?.split_once('.')?;
        Some((major.parse().ok()?, minor.parse().ok()?))
    };
    env::var("HOST") == env::var("TARGET") && version().is_some_and(|version: (u32, u32)| version >= (2, 36))
}
