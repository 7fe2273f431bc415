//! The definition is sound, and what it refuses.

use expect_test::expect;

use super::*;

fn refused(line: &str) -> ErrorKind {
    let words = std::iter::once("ringproof").chain(line.split_whitespace());
    CommandLine::read(words.map(OsString::from)).unwrap_err().kind()
}

#[test]
fn the_definition_is_sound() {
    CommandLine::command().debug_assert();
}

#[test]
fn the_help_ends_with_the_exit_codes() {
    let help = CommandLine::command().term_width(100).render_help().to_string();
    expect![[r#"
        Proves that a person holds a phone number with flash calls over a SIP trunk

        Usage: ringproof [OPTIONS] <COMMAND>

        Run something:
          serve        Run the gateway
          demo         See a phone number verified here: gateway, trunk and phone in one process
          handset      Run a SIP trunk with phones behind it, to try a gateway against

        Verify a phone:
          verify       Start a verification: the phone rings, its last five digits are the code; or it rings us
          check        Check the code that a person gave
          call         Ring again, from another number, when no call came
          cancel       Give a verification up; a phone that rings stops

        Look at a running daemon:
          status       Show whether the daemon is ready, and how full it is
          watch        Follow what happens
          pools        Show the pools of caller IDs
          dids         Show the numbers that people ring
          trunks       Show the trunks
          trace        Draw the SIP messages of a call

        Set up:
          config       Look at configurations
          journal      Look after the journal of a daemon that does not run
          key          Make API keys
          webhook      See the messages to webhooks that were not taken, make secrets
          completions  Print completions for a shell
          help         Print this message, or the help of a command

        Options:
              --json     Print JSON: of a daemon what it says, word for word
          -h, --help     Print help
          -V, --version  Print version

        Exit codes:
            0  done; for `check` and `verify --wait`: verified
            1  no: a wrong code, a verification that failed, a daemon not ready, a stop that left calls up,
            a journal that is damaged
            2  the command line makes no sense
           64  the configuration is wrong; nothing was started
           65  the daemon refused the request as it stands
           69  no daemon answered
           70  the daemon, or this program, met the impossible
           71  the system refused a socket, a file or a thread, or the journal's disk at the end
           75  too much was asked for at the moment; try again later
           77  the API key is missing, wrong, or may not do this
          130  stopped by Ctrl-C before its end
    "#]]
    .assert_eq(&help);
}

#[test]
fn the_help_of_dial_ends_with_what_a_caller_can_do() {
    let mut line = CommandLine::command();
    let dial = line.find_subcommand_mut("handset").and_then(|it| it.find_subcommand_mut("dial"));
    let help = dial.unwrap().clone().term_width(100).render_help().to_string();
    expect![[r#"
        Ring a number of a gateway, as the trunk does when a person leaves a missed call

        Usage: dial [OPTIONS] <FROM> <DID>

        Arguments:
          <FROM>  Who calls, in E.164 form: +46701234567
          <DID>   The gateway's number that is called, in E.164 form

        Options:
              --to <ADDRESS>      Where the gateway listens, for SIP over UDP [default: 127.0.0.1:5070]
              --bind <ADDRESS>    Where to send from, such as 127.0.0.2, with or without a port [default:
                                  the address that leads there]. The gateway knows its trunks by their
                                  addresses
              --shows <IDENTITY>  How the caller is shown [default: international]
              --then <CONDUCT>    What the caller does [default: waits]
              --times <N>         How many calls, one after the other [default: 1]
          -h, --help              Print help

        Identities:
          international             `+46…` in From and P-Asserted-Identity
          national                  `070…` in both, as it is dialled at home
          double-zero               `0046…` in both
          anonymous                 From is anonymous, Privacy is id
          two-identities            two values of P-Asserted-Identity, two phones
          forwarded                 a Diversion: another phone was called first

        Conducts:
          waits                     waits for the refusal and acknowledges it
          hangs-up:DURATION         hangs up so long after ringing began
          hangs-up-early:DURATION   hangs up so long after the INVITE
          repeats-cancel            hangs up soon, and sends its CANCEL three times more
          never-acks                never acknowledges the refusal
          wrong-tag                 acknowledges with another To tag
          no-tag                    acknowledges without a To tag
          merged                    sends the INVITE a second time, with another branch
          forged                    sends one INVITE and is deaf, as a forger who sees no answer
    "#]].assert_eq(&help);
}

#[test]
fn what_cannot_be_meant_is_refused() {
    assert_eq!(refused(""), ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand);
    assert_eq!(refused("check ver_short 20085"), ErrorKind::ValueValidation);
    assert_eq!(refused("trace ../../etc/passwd"), ErrorKind::ValueValidation);
    assert_eq!(refused("config check a --config b"), ErrorKind::ArgumentConflict);
    assert_eq!(refused("journal stat --config a --path b"), ErrorKind::ArgumentConflict);
    assert_eq!(refused("key new Upper"), ErrorKind::ValueValidation);
    assert_eq!(refused("key new app --rights root"), ErrorKind::InvalidValue);
    assert_eq!(refused("status --socket a --url http://b"), ErrorKind::ArgumentConflict);
    assert_eq!(refused("serve --json"), ErrorKind::ArgumentConflict);
    assert_eq!(refused("handset dial +46701234567"), ErrorKind::MissingRequiredArgument);
    let dial = |more| refused(&format!("handset dial +46701234567 +46876500123 {more}"));
    assert_eq!(dial("--then sulks"), ErrorKind::ValueValidation);
    assert_eq!(dial("--shows nothing"), ErrorKind::ValueValidation);
    assert_eq!(dial("--bind localhost"), ErrorKind::ValueValidation);
    assert_eq!(dial("--times 0"), ErrorKind::ValueValidation);
    assert_eq!(dial("--rule 77=busy"), ErrorKind::UnknownArgument);
    let mixed = refused("handset --rule 77=busy dial +46701234567 +46876500123");
    assert_eq!(mixed, ErrorKind::ArgumentConflict);
    assert_eq!(refused("handset dial 0701234567 +46876500123"), ErrorKind::ValueValidation);
    assert_eq!(refused("--json completions bash"), ErrorKind::ArgumentConflict);
}

#[test]
fn only_commands_that_ask_a_daemon_are_told_where_it_is() {
    let dial = "handset dial +46701234567 +46876500123";
    for line in
        ["serve", "demo", "handset", dial, "config check", "journal stat", "completions bash"]
    {
        assert_eq!(refused(&format!("{line} --socket a")), ErrorKind::UnknownArgument, "{line}");
    }
    assert_eq!(refused("--socket a status"), ErrorKind::UnknownArgument);
    let help = CommandLine::command().find_subcommand_mut("status").unwrap().render_help();
    assert!(help.to_string().contains("The daemon:\n      --socket <PATH>"), "{help}");
}

#[test]
fn the_command_line_wins_over_the_environment() {
    let environment = |name: &str| Some(format!("http://{name}").into());
    let daemon = |words: &str| {
        let words = ["ringproof", "status"].into_iter().chain(words.split_whitespace());
        let Command::Ask(ask) = CommandLine::parse_from(words).command else { unreachable!() };
        let Daemon { socket, url, .. } = ask.daemon().or_environment(environment);
        (socket.map(|path| path.display().to_string()), url)
    };
    assert_eq!(daemon("--socket a"), (Some("a".to_owned()), None));
    assert_eq!(daemon("--url b"), (None, Some("b".to_owned())));
    let both = ["RINGPROOF_SOCKET", "RINGPROOF_URL"].map(|name| Some(format!("http://{name}")));
    assert_eq!(<[_; 2]>::from(daemon("")), both);
}

#[test]
fn h09_a_key_is_not_told_by_a_command_line_in_a_log() {
    let line = CommandLine::parse_from(["ringproof", "status", "--key", "ringproof_secret"]);
    assert!(!format!("{line:?}").contains("secret"));
}
