//! H6: the file of the Unix socket.

use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixListener;

use ringproof::control::{BindError, Limits, SOCKET_PATH_BYTES_MAX, Server, Settings};

use super::world::{World, short};

#[tokio::test]
async fn h06_the_socket_is_for_owner_and_group_and_gone_when_the_server_is() {
    let mut world = World::new(short()).await;
    let socket = world.settings.socket.clone();
    let mode = std::fs::metadata(&socket).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o660);
    world.stop().await;
    assert!(!socket.exists());
}

#[tokio::test]
async fn h06_a_second_daemon_is_refused_and_the_first_stays() {
    let world = World::new(short()).await;
    let refused = Server::bind(&world.settings).map(drop).unwrap_err();
    assert!(matches!(refused, BindError::InUse { .. }), "{refused}");
    assert_eq!(world.ask("GET", "/healthz", "").await.status, 200);
}

#[tokio::test]
async fn h06_a_stale_socket_is_replaced() {
    let mut world = World::new(short()).await;
    world.stop().await;
    drop(UnixListener::bind(&world.settings.socket).unwrap());
    assert!(world.settings.socket.exists(), "stale");
    drop(Server::bind(&world.settings).unwrap());
    assert!(!world.settings.socket.exists(), "replaced, and removed by the new owner");
}

#[tokio::test]
async fn h06_a_live_socket_without_our_lock_is_respected_and_so_is_another_file() {
    let mut world = World::new(short()).await;
    world.stop().await;
    let socket = &world.settings.socket;
    let foreign = UnixListener::bind(socket).unwrap();
    let refused = Server::bind(&world.settings).map(drop).unwrap_err();
    assert!(matches!(refused, BindError::InUse { .. }), "{refused}");
    drop(foreign);
    std::fs::remove_file(socket).unwrap();
    std::fs::write(socket, "notes").unwrap();
    let refused = Server::bind(&world.settings).map(drop).unwrap_err();
    assert!(matches!(refused, BindError::NotASocket { .. }), "{refused}");
    assert_eq!(std::fs::read_to_string(socket).unwrap(), "notes");
}

#[tokio::test]
async fn the_longest_path_that_is_accepted_can_be_bound_and_no_longer_one() {
    for (bytes, is_bound) in [(SOCKET_PATH_BYTES_MAX, true), (SOCKET_PATH_BYTES_MAX + 1, false)] {
        let folder = std::env::temp_dir();
        let name = format!("ringproof-{}-", std::process::id());
        let rest = bytes - folder.as_os_str().len() - 1 - name.len();
        let socket = folder.join(name + &"s".repeat(rest));
        let settings =
            Settings { socket, socket_mode: 0o660, tcp: None, limits: Limits::default() };
        assert_eq!(Server::bind(&settings).map(drop).is_ok(), is_bound, "{bytes} bytes");
        std::fs::remove_file(format!("{}.lock", settings.socket.display())).unwrap();
    }
}

#[tokio::test]
async fn a_folder_that_does_not_exist_is_named() {
    let socket = std::env::temp_dir().join("ringproof-nowhere/control.sock");
    let settings = Settings { socket, socket_mode: 0o660, tcp: None, limits: Limits::default() };
    let refused = Server::bind(&settings).map(drop).unwrap_err().to_string();
    assert!(refused.contains("ringproof-nowhere/control.sock"), "{refused}");
}
