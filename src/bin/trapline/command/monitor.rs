//! `trapline monitor`

use std::fs;
use std::path::Path;
use std::process::ExitCode;

use anyhow::Context as _;
use trapline::config::Webhook;
use trapline::fault::Fault;
use trapline::feed::{self, Secrets as _};
use trapline::monitor::{self, Announcer, Pass, Summary};
use trapline::webhook::Secret;

use crate::failure::LOCKED;
use crate::session::Session;
use crate::settings::{Environment, Settings};
use crate::terminal::{answer_json, note};

/// One pass over all configured feeds: read, match, decide, conclude, announce
///
/// Made for cron: silent on success, exit status 1 after every feed was tried if
/// any failed, 75 when another pass holds the lock. Running twice is running
/// once. New accusations wait in the outbox until the webhook took them.
///
/// Example:
///   */10 * * * * trapline -C /var/lib/trapline monitor
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub struct Args {
    /// Say what was done
    #[arg(short, long)]
    verbose: bool,
    /// Print the pass's summary as JSON
    #[arg(long)]
    json: bool,
    /// Exit with N instead of 0 when a source was newly named
    #[arg(long, value_name = "N")]
    exit_code: Option<u8>,
}

pub fn run(args: &Args, settings: &Settings) -> anyhow::Result<ExitCode> {
    let Some(_lock) = settings.workspace.lock("monitor")? else {
        note("another pass holds the lock");
        return Ok(ExitCode::from(LOCKED));
    };
    let mut session = Session::open(settings)?;
    let client = reqwest::blocking::Client::builder().build().context("the HTTP client cannot be made")?;
    let announcer =
        session.config.webhook.as_ref().map(|hook| announcer(hook, &client, session.workspace.dir())).transpose()?;
    let mut context = feed::Context::new(session.now, session.workspace.dir());
    context.secrets = &Environment;
    let mut pass = Pass {
        registry: &mut session.registry,
        master: &session.master,
        config: &session.config,
        context: &context,
        announcer: announcer.as_ref(),
        now: session.now,
    };
    let summary = monitor::run(&mut pass)?;
    // What the pass found is told first: a disk without room for the metrics
    // must not silence a feed's failure.
    tell(&summary, args.verbose);
    if args.json {
        answer_json(&summary)?;
    }
    if let Some(path) = &session.config.metrics {
        write_metrics(&session.workspace.dir().join(path), &summary)?;
    }
    let newly = summary.epochs.iter().map(|epoch| epoch.newly_named).sum::<u64>();
    Ok(match args.exit_code {
        _ if summary.failed => ExitCode::FAILURE,
        Some(code) if newly > 0 => ExitCode::from(code),
        _ => ExitCode::SUCCESS,
    })
}

fn announcer<'a>(
    hook: &'a Webhook,
    client: &'a reqwest::blocking::Client,
    dir: &Path,
) -> anyhow::Result<Announcer<'a>> {
    let text = match (&hook.secret_env, &hook.secret_file) {
        (Some(name), _) => Environment.env(name).ok_or_else(|| {
            Fault::new(format!("the environment variable {name} with the webhook's secret is not set"))
                .hint("set it where monitor runs, or use secret_file")
        })?,
        (None, Some(file)) => {
            let path = dir.join(file);
            fs::read_to_string(&path)
                .with_context(|| format!("{}: the webhook's secret cannot be read", path.display()))?
        }
        (None, None) => String::new(),
    };
    Ok(Announcer { hook, secret: Secret::parse(&text)?, client })
}

/// The node exporter may read at any moment: the file is replaced whole.
fn write_metrics(path: &Path, summary: &Summary) -> anyhow::Result<()> {
    let partial = path.with_extension("partial");
    fs::write(&partial, monitor::prometheus(summary))
        .and_then(|()| fs::rename(&partial, path))
        .with_context(|| format!("{}: the metrics cannot be written", path.display()))
}

fn tell(summary: &Summary, verbose: bool) {
    for feed in &summary.feeds {
        if let Some(error) = &feed.error {
            note(&format!("feed {}: {error}", feed.name));
            if let Some(hint) = &feed.hint {
                note(&format!("hint: {hint}"));
            }
        }
        for said in &feed.notes {
            note(&format!("feed {}: {said}", feed.name));
        }
        if verbose || feed.quarantined > 0 {
            note(&format!(
                "feed {}: {} records, {} with something of ours ({} new), {} in quarantine",
                feed.name, feed.records, feed.hits, feed.new, feed.quarantined
            ));
        }
    }
    for epoch in &summary.epochs {
        if let Some(alarm) = &epoch.alarm {
            note(&format!("epoch {}: ALARM, reports are withheld: {alarm}", epoch.epoch));
        }
        if verbose {
            note(&format!(
                "epoch {}: decided {} hits ({} confirmed), {} wait; {} accounts named, {} of them in this pass",
                epoch.epoch, epoch.decided, epoch.confirmed, epoch.waiting, epoch.named, epoch.newly_named
            ));
        }
    }
    let waiting = summary.outbox.waiting;
    match &summary.outbox.error {
        Some(error) => note(&format!("{error}; {waiting} messages wait for a later pass")),
        None if waiting > 0 && (verbose || summary.failed) => {
            note(&format!("{waiting} messages wait for the webhook's receiver"));
        }
        None => {}
    }
}
