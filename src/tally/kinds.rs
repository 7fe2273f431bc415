//! The closed sets that a tally counts by. Each word is also a metric label, so none comes from the
//! network and none can be added without a change here.

/// An enum whose variants are dense from zero, all of them in order, and a word for each.
macro_rules! closed_set {
    ($(#[$about:meta])* $name:ident { $($(#[$doc:meta])* $variant:ident = $word:literal,)+ }) => {
        $(#[$about])*
        #[derive(Clone, Copy, Debug, Eq, PartialEq)]
        pub enum $name { $($(#[$doc])* $variant,)+ }

        impl $name {
            /// All of them, in the order of the declaration: each at the index of its own number.
            pub const ALL: [Self; [$($word),+].len()] = [$(Self::$variant),+];

            /// The label.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word,)+ }
            }
        }
    };
}

closed_set! {
    /// What sort of SIP message: the method of a request, the class of a response.
    SipKind {
        /// RFC 3261 §13.
        Ack = "ACK",
        /// RFC 3261 §15.
        Bye = "BYE",
        /// RFC 3261 §9.
        Cancel = "CANCEL",
        /// RFC 6086.
        Info = "INFO",
        /// RFC 3261 §13.
        Invite = "INVITE",
        /// RFC 3428.
        Message = "MESSAGE",
        /// RFC 6665.
        Notify = "NOTIFY",
        /// RFC 3261 §11.
        Options = "OPTIONS",
        /// RFC 3262.
        Prack = "PRACK",
        /// RFC 3903.
        Publish = "PUBLISH",
        /// RFC 3515.
        Refer = "REFER",
        /// RFC 3261 §10.
        Register = "REGISTER",
        /// RFC 6665.
        Subscribe = "SUBSCRIBE",
        /// RFC 3311.
        Update = "UPDATE",
        /// A method that no table of ours knows. Its text is never a label.
        Extension = "extension",
        /// A provisional response.
        Provisional = "1xx",
        /// A 2xx.
        Success = "2xx",
        /// A 3xx.
        Redirection = "3xx",
        /// A 4xx.
        ClientError = "4xx",
        /// A 5xx.
        ServerError = "5xx",
        /// A 6xx.
        GlobalFailure = "6xx",
    }
}

closed_set! {
    /// How a phone that was answered was let go.
    Farewell {
        /// The trunk answered our BYE.
        Confirmed = "confirmed",
        /// It did not within 64*T1.
        Unanswered = "unanswered",
        /// There was no room to remember the BYE: it was sent once, and nobody knows.
        Unknown = "unknown",
    }
}

closed_set! {
    /// How a call from a trunk ended.
    InboundEnd {
        /// Its caller hung up first, and confirmed our answer to that.
        Canceled = "canceled",
        /// We refused it, and its caller confirmed that.
        Refused = "refused",
        /// No ACK with our tag came: nothing is known of where it came from.
        Unreturned = "unreturned",
    }
}

impl SipKind {
    /// The class of a status code. One outside 100 to 699 goes to the nearest class.
    pub fn of_status(code: u16) -> Self {
        match code / 100 {
            0 | 1 => Self::Provisional,
            2 => Self::Success,
            3 => Self::Redirection,
            4 => Self::ClientError,
            5 => Self::ServerError,
            _ => Self::GlobalFailure,
        }
    }
}

closed_set! {
    /// Why a datagram was dropped without an answer.
    DropReason {
        /// A request whose answer would be longer than itself.
        Amplifying = "amplifying",
        /// An ACK that matches a call in all but the To tag, which only we and our caller know: somebody
        /// guesses, or a broken caller.
        ForgedAck = "forged_ack",
        /// It came from an address that no trunk answers from.
        ForeignSource = "foreign_source",
        /// A response whose topmost Via is not ours (RFC 3261 §18.1.2).
        ForeignVia = "foreign_via",
        /// A message that has lost its meaning: its transaction has its final response.
        Late = "late",
        /// Not a SIP message, or one that breaks a rule which makes it unreadable.
        Malformed = "malformed",
        /// A response whose branch we did not make, or whose keyed check is wrong.
        UnknownBranch = "unknown_branch",
        /// The branch is ours but the Call-ID is another call's.
        WrongCallId = "wrong_call_id",
        /// The branch is ours but the CSeq is another request's (RFC 3261 §17.1.3).
        WrongCseq = "wrong_cseq",
    }
}

closed_set! {
    /// What a shard turned away because a bound was reached.
    Shed {
        /// A new call: the shard's inbox was full, or its table of calls.
        Call = "call",
        /// A datagram that the socket would not take.
        Datagram = "datagram",
        /// A call from a trunk, because that trunk sent more in a second than it may.
        MissedCallRate = "missed_call_rate",
        /// A call from a trunk, because the table of server transactions was full, or so full that only
        /// calls that somebody waits for are taken.
        MissedCallRoom = "missed_call_room",
        /// The answer to a request about a call that nobody knows.
        StrayAnswer = "stray_answer",
        /// A SIP transaction: the shard's table was full.
        Transaction = "transaction",
    }
}

closed_set! {
    /// The bounded tables and queues of a shard.
    Table {
        /// Calls that live.
        Calls = "live_calls",
        /// Client transactions (RFC 3261 §17.1).
        ClientTransactions = "client_transactions",
        /// Calls that a gateway before this one left behind.
        Ghosts = "ghost_calls",
        /// Orders that wait in the shard's inbox.
        Inbox = "inbox",
        /// Server transactions (RFC 3261 §17.2): calls from trunks, until they are forgotten.
        ServerTransactions = "server_transactions",
        /// Deadlines in the timer wheel, counting those whose owner has moved on.
        Timers = "timers",
    }
}
