//! `[[webhook]]` and `[callbacks]`: who is told of what, and what is wrong with them.

use expect_test::expect;

use super::{MAIN, MINIMAL, PROFILE, TRUNK, check, load_texts};
use crate::notify::{Allowed, Endpoint};

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const OTHER: &str = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

#[test]
fn webhooks_are_told_of_what_they_ask_for() {
    let main = format!(
        "{MINIMAL}[[webhook]]\nname = \"a\"\nurl = \"https://example.com/a\"\nsecret = \"{SECRET}\"\n\
         [[webhook]]\nname = \"b\"\nurl = \"http://10.1.2.3/\"\nsecret_file = \"keys/b\"\n\
         events = [\"call.*\"]\nconcurrency = 2\ntimeout = \"5s\"\nallow_private = [\"10.1.0.0/16\"]\n\
         allow_http = true\n\
         [callbacks]\nenabled = true\nsecret = \"{SECRET}\"\nhosts = [\"*.example.com\"]\n"
    );
    let keys = format!("{OTHER}\n{SECRET}\n");
    let texts = [(MAIN, &*main), (PROFILE, TRUNK), ("keys/b", &*keys)];
    let webhooks = load_texts(&texts).unwrap().webhooks;
    let named = |name: &str| Endpoint::Named(name.into());
    let callback = "https://hooks.example.com/1".into();
    let url = Endpoint::Url("https://hooks.example.com/1".into());
    let told = |name: &str| webhooks.endpoints_for(name, Some(&callback));
    assert_eq!(told("verification.failed"), [named("a"), url]);
    assert_eq!(told("verification.created"), []);
    assert_eq!(told("call.ended"), [named("b")]);
    assert_eq!(webhooks.endpoints_for("verification.expired", None), [named("a")]);
    let [a, b] = &webhooks.endpoints[..] else { panic!("two") };
    assert_eq!(b.reach.secrets, [OTHER, SECRET].map(|text| text.parse().unwrap()));
    assert_eq!((a.reach.concurrency, b.reach.concurrency), (8, 2));
    let ranges = Allowed::Ranges(vec!["10.1.0.0/16".parse().unwrap()]);
    assert_eq!((&a.reach.allowed, &b.reach.allowed), (&Allowed::Public, &ranges));
    let callbacks = webhooks.callbacks.as_ref().unwrap();
    assert_eq!(callbacks.check("https://hooks.example.com/1"), Ok(()));
    let shown = format!("{webhooks:?}");
    for secret in ["MfKQ", "AAEC", "/hook", "example.com/a"] {
        assert!(!shown.contains(secret), "{shown}");
    }
}

#[test]
fn a_secret_file_that_others_may_read_is_odd() {
    let main = format!(
        "{MINIMAL}[[webhook]]\nname = \"a\"\nurl = \"https://example.com/\"\nsecret_file = \"open/a\"\n\
         [[webhook]]\nname = \"b\"\nurl = \"https://example.com/\"\nsecret_file = \"keys/b\"\n"
    );
    let texts = [(MAIN, &*main), (PROFILE, TRUNK), ("open/a", SECRET), ("keys/b", SECRET)];
    let cautions = load_texts(&texts).unwrap().cautions;
    let [caution] = &cautions[..] else { panic!("one: {cautions:?}") };
    assert_eq!(caution.place.key, "webhook.secret_file");
    expect!["`secret_file` \"open/a\" may be read by others than its owner: whoever reads it can sign in this gateway's name (`chmod 600`)"]
        .assert_eq(&caution.message);
}

#[test]
fn everything_wrong_with_webhooks_is_told_and_no_secret_with_it() {
    let main = format!(
        "{MINIMAL}[[webhook]]\nname = \"a\"\nurl = \"http://example.com/\"\nsecret = \"{SECRET}\"\n\
         secret_previous = \"{SECRET}\"\n\
         [[webhook]]\nname = \"a\"\nurl = \"https://key@example.com/\"\nsecret = \"hunter2hunter2\"\n\
         events = [\"call.over\"]\nconcurrency = 0\ntimeout = \"2m\"\nallow_private = \"10.0.0.0/8\"\n\
         [[webhook]]\nname = \"callback\"\nurl = \"https://example.com/\"\nevents = []\n\
         [[webhook]]\nname = \"d\"\nurl = \"https://example.com/\"\nsecret_file = \"keys/d\"\n\
         [[webhook]]\nname = \"e\"\nurl = \"https://example.com/\"\nsecret_file = \"keys/e\"\nretries = 3\n\
         [[webhook]]\nname = \"f\"\nurl = \"https://example.com/\"\nsecret_file = \"keys/f\"\n\
         secret = \"{SECRET}\"\n\
         [callbacks]\nenabled = true\nhosts = [\"a b\"]\n"
    );
    let texts = [(MAIN, &*main), (PROFILE, TRUNK), ("keys/e", "hunter2"), ("keys/f", SECRET)];
    check(
        &texts,
        expect![[r#"
        ringproof.toml:12: `webhook.url` is `http`, must be `https`, unless `allow_http` is true
        ringproof.toml:14: `webhook.secret_previous` is the same as `secret`, must be the one before, or absent
        ringproof.toml:16: `webhook.name` is "a" for the second time, must be a name of its own
        ringproof.toml:17: `webhook.url` is a string that is not repeated here (it has a user name or a password, which end up in logs), must be a URL such as "https://example.com/hook"
        ringproof.toml:18: `webhook.secret` is a string that is not repeated here (it does not begin with `whsec_` or `whsk_`), must be `whsec_` or `whsk_` and base64, as `ringproof webhook secret` prints it
        ringproof.toml:19: `webhook.events` is "call.over" (no event is called so), must be an event such as "call.ended", or "verification.*", or "*"
        ringproof.toml:20: `webhook.concurrency` is 0, must be a whole number between 1 and 64
        ringproof.toml:21: `webhook.timeout` is "2m", must be a duration between "1s" and "1m"
        ringproof.toml:22: `webhook.allow_private` is "10.0.0.0/8", must be true, false, or a list of ranges such as ["10.1.0.0/16"]
        ringproof.toml:23: `webhook.secret` is missing, must be `whsec_` or `whsk_` and base64, as `ringproof webhook secret` prints it, or in `secret_file`
        ringproof.toml:24: `webhook.name` is "callback", as metrics call all callback URLs together, must be another name
        ringproof.toml:26: `webhook.events` is empty, must be a list, each an event such as "call.ended", or "verification.*", or "*"
        ringproof.toml:30: `webhook.secret_file` is "keys/d", which cannot be read (entity not found), must be a file of one or two lines, each `whsec_` or `whsk_` and base64, as `ringproof webhook secret` prints it
        ringproof.toml:34: `webhook.secret_file` is "keys/e", which holds no secret (it does not begin with `whsec_` or `whsk_`), must be a file of one or two lines, each `whsec_` or `whsk_` and base64, as `ringproof webhook secret` prints it
        ringproof.toml:35: `webhook.retries` is an unknown key, must be `name`, `url`, `events`, `secret`, `secret_previous`, `secret_file`, `concurrency`, `timeout`, `allow_private` or `allow_http`
        ringproof.toml:39: `webhook.secret_file` is one of several, must be the only one: `secret` and `secret_previous` are its two lines
        ringproof.toml:41: `callbacks.secret` is missing, must be `whsec_` or `whsk_` and base64, as `ringproof webhook secret` prints it, or in `secret_file`
        ringproof.toml:43: `callbacks.hosts` is "a b", must be a host such as "hooks.example.com", or "*.example.com" for all below it"#]],
    );
}

#[test]
fn one_mistake_in_a_webhook_hides_no_other() {
    let main = format!(
        "{MINIMAL}[[webhook]]\nname = \"a\"\nurl = \"no\"\nsecret = \"{SECRET}\"\n\
         [[webhook]]\nname = \"a\"\nurl = \"http://example.com/\"\nsecret = \"x\"\n\
         secret_previous = \"y\"\nevents = [\"a\", \"b\"]\nretries = 3\n\
         [[webhook]]\nname = \"a\"\nurl = \"https://0x7f.1/\"\nsecret_file = \"keys\"\n\
         secret = \"z\"\n"
    );
    let keys = format!("{SECRET}\nhunter2\n");
    check(
        &[(MAIN, &*main), (PROFILE, TRUNK), ("keys", &*keys)],
        expect![[r#"
        ringproof.toml:12: `webhook.url` is a string that is not repeated here (it is not of the form `https://host/path`), must be a URL such as "https://example.com/hook"
        ringproof.toml:15: `webhook.name` is "a" for the second time, must be a name of its own
        ringproof.toml:16: `webhook.url` is `http`, must be `https`, unless `allow_http` is true
        ringproof.toml:17: `webhook.secret` is a string that is not repeated here (it does not begin with `whsec_` or `whsk_`), must be `whsec_` or `whsk_` and base64, as `ringproof webhook secret` prints it
        ringproof.toml:18: `webhook.secret_previous` is a string that is not repeated here (it does not begin with `whsec_` or `whsk_`), must be `whsec_` or `whsk_` and base64, as `ringproof webhook secret` prints it
        ringproof.toml:19: `webhook.events` is "a" (no event is called so), must be an event such as "call.ended", or "verification.*", or "*"
        ringproof.toml:19: `webhook.events` is "b" (no event is called so), must be an event such as "call.ended", or "verification.*", or "*"
        ringproof.toml:20: `webhook.retries` is an unknown key, must be `name`, `url`, `events`, `secret`, `secret_previous`, `secret_file`, `concurrency`, `timeout`, `allow_private` or `allow_http`
        ringproof.toml:22: `webhook.name` is "a" for the second time, must be a name of its own
        ringproof.toml:23: `webhook.url` is at an address that is not public, must be a public one, unless `allow_private` has it
        ringproof.toml:24: `webhook.secret_file` is "keys", which has a line that is no secret (it does not begin with `whsec_` or `whsk_`), must be a file of one or two lines, each `whsec_` or `whsk_` and base64, as `ringproof webhook secret` prints it
        ringproof.toml:24: `webhook.secret_file` is one of several, must be the only one: `secret` and `secret_previous` are its two lines
        ringproof.toml:25: `webhook.secret` is a string that is not repeated here (it does not begin with `whsec_` or `whsk_`), must be `whsec_` or `whsk_` and base64, as `ringproof webhook secret` prints it"#]],
    );
}

#[test]
fn callbacks_that_are_off_need_no_secret() {
    let main = format!("{MINIMAL}[callbacks]\nallow_http = true\n");
    let config = load_texts(&[(MAIN, &main), (PROFILE, TRUNK)]).unwrap();
    assert_eq!(config.webhooks.callbacks, None);
}
