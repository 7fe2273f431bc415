//! The API on TCP: who is let in, and how far.

use std::process::Command;

use serde_json::json;

use crate::http::Client;
use crate::lab::{Lab, code};
use crate::world::{Plan, World, binary, text};

const PHONE: &str = "+46701740650";

#[test]
fn h06_tcp_is_off_by_default() {
    let lab = Lab::new();
    let world = World::new(lab.address);
    assert_eq!(world.tcp, None);
    let table = std::fs::read_to_string(format!("/proc/{}/net/tcp", world.child.id())).unwrap();
    let inodes = sockets(world.child.id());
    let listens = table.lines().skip(1).filter(|line| {
        let columns: Vec<&str> = line.split_whitespace().collect();
        columns[3] == "0A" && inodes.contains(&columns[9].to_owned())
    });
    assert_eq!(listens.count(), 0);
    world.stop();
}

#[test]
fn h06_tcp_needs_a_key_and_a_key_has_its_rights() {
    let mut lab = Lab::new();
    let (world, [verify, read, admin]) = world(&lab);
    let open = Client::tcp(world.tcp.unwrap());
    assert_eq!(open.get("/healthz").status, 200);
    assert_eq!(open.get("/v1/trunks").problem(), (401, "unauthorized".to_owned()));
    let body = json!({ "to": PHONE });
    assert_eq!(open.post("/v1/verifications", &body).status, 401);
    assert_eq!(key(&open, "rp_wrong").post("/v1/verifications", &body).status, 401);
    assert_eq!(key(&open, &read).post("/v1/verifications", &body).problem().0, 403);
    assert_eq!(key(&open, &verify).get("/v1/verifications").problem().0, 403);
    assert_eq!(key(&open, &verify).get("/metrics").problem().0, 403);
    assert_eq!(key(&open, &admin).get("/metrics").status, 200);
    assert_eq!(key(&open, &admin).get("/debug/state").status, 404, "the Unix socket alone");
    assert_eq!(world.scrape().sum("ringproof_calls_placed_total", &[]), 0.0);

    let started = key(&open, &verify).post("/v1/verifications", &body);
    assert_eq!(started.status, 201, "{}", started.body);
    let caller = lab.rings(PHONE);
    let path = format!("/v1/verifications/{}/check", started.json()["id"].as_str().unwrap());
    let body = json!({ "code": code(&caller) });
    assert_eq!(key(&open, &read).post(&path, &body).status, 403);
    assert_eq!(key(&open, &verify).post(&path, &body).json()["status"], "verified");

    let url = format!("http://{}", world.tcp.unwrap());
    let mut command = world.command(&["trunks", "--url", &url]);
    assert_eq!(command.output().unwrap().status.code(), Some(77));
    let output = command.env("RINGPROOF_KEY", &read).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    world.stop_and(|log| {
        let keys = [&verify, &read, &admin];
        assert!(keys.iter().all(|key| !log.contains(key.as_str())), "{log}");
    });
}

#[test]
fn h06_wrong_keys_are_limited_and_right_ones_are_not() {
    let lab = Lab::new();
    let (world, [_, read, _]) = world(&lab);
    let open = Client::tcp(world.tcp.unwrap());
    let mut statuses = vec![];
    for n in 0..100 {
        statuses.push(key(&open, &format!("rp_{n:022}")).get("/v1/trunks").status);
    }
    let wrong = statuses.iter().filter(|status| **status == 401).count();
    let limited = statuses.iter().filter(|status| **status == 429).count();
    // Thirty in one minute, and one more for each two seconds that the hundred take.
    assert!((30..45).contains(&wrong) && wrong + limited == 100, "{wrong} and {limited}");
    assert_eq!(key(&open, &read).get("/v1/trunks").status, 200);
    assert_eq!(world.client.get("/v1/trunks").status, 200);
    world.stop();
}

fn world(lab: &Lab) -> (World, [String; 3]) {
    let mut plan = Plan::new(lab.address);
    let mut tokens = vec![];
    for right in ["verify", "read", "admin"] {
        let mut command = Command::new(binary());
        let made = command.args(["key", "new", right, "--rights", right, "--json"]).output();
        let made = made.expect("the binary can be run");
        let made: serde_json::Value = serde_json::from_slice(&made.stdout).expect("JSON");
        let word = |name: &str| made[name].as_str().expect("a text").to_owned();
        plan.control += &format!(
            "\n[[control.key]]\nname = \"{right}\"\nsha256 = \"{}\"\nrights = [\"{right}\"]",
            word("sha256")
        );
        tokens.push(word("key"));
    }
    plan.control = format!("listen = \"127.0.0.1:0\"{}", plan.control);
    (World::start(&plan), tokens.try_into().expect("three"))
}

fn key(client: &Client, token: &str) -> Client {
    client.with("Authorization", &format!("Bearer {token}"))
}

/// The inodes of a process's sockets.
fn sockets(pid: u32) -> Vec<String> {
    let folder = std::fs::read_dir(format!("/proc/{pid}/fd")).expect("it runs");
    let links = folder.filter_map(|entry| std::fs::read_link(entry.ok()?.path()).ok());
    let inode = |link: std::path::PathBuf| {
        let link = link.to_str()?;
        Some(link.strip_prefix("socket:[")?.strip_suffix(']')?.to_owned())
    };
    links.filter_map(inode).collect()
}
