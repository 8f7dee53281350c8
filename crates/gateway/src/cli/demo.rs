//! `baton demo`: a sandbox to look around in. It is `serve` on a fresh database, with a sender, a
//! client, two people, the streams of `examples/stories` sent through the HL7 v2 door as a hospital
//! would, and an app to sign in to.
mod app;
mod partner;
mod people;
mod show;
mod stories;

use super::serve::Server;
use super::{Failure, data, log, serve};
use crate::auth::client::{self, Credential, Registration};
use crate::config::Config;
use crate::edge;
use crate::ingest::register;
use crate::state::AppState;
use hl7v2::sender::Sender;
use partner::Partner;
use std::path::PathBuf;
use stories::STORIES;
use tokio::task::JoinHandle;

const COORDINATOR: &str = "Practitioner/demo-coordinator";
const TIMEZONE: &str = "America/New_York";

#[derive(clap::Args)]
#[group(skip)]
pub struct Args {
    /// A SMART app to try: a folder with its index.html, served here with a config.json for it, or the
    /// address where you serve it yourself
    #[arg(long, value_name = "FOLDER|URL")]
    app: Option<String>,
    /// Where a folder given by --app is served; port 0 takes a free one
    #[arg(
        long,
        env = "BATON_APP_LISTEN",
        value_name = "ADDR",
        default_value = "127.0.0.1:8081"
    )]
    app_listen: String,
    #[command(flatten)]
    serve: serve::Args,
}

pub fn run(args: Args) -> Result<(), Failure> {
    let (app, app_listen) = (args.app, args.app_listen);
    let app = app.map(|app| app::Place::open(&app, &app_listen)).transpose()?;
    let mut args = args.serve;
    let sandbox = Sandbox::for_database(&mut args.data)?;
    args.practice_coordinator
        .get_or_insert_with(|| COORDINATOR.to_owned());
    args.mllp.get_or_insert_with(|| "127.0.0.1:0".to_owned());
    args.log.get_or_insert_with(|| "warn".to_owned());
    let config = args.settings()?;
    if config.tls.is_some() {
        let text =
            "tls: the demo speaks plain HTTP with itself; leave the TLS settings out, or use `baton serve`";
        return Err(Failure::usage(text));
    }
    log::start(&config.log)?;
    let done = actix_web::rt::System::new().block_on(live(config, app));
    sandbox.remove();
    done
}

async fn live(config: Config, app: Option<app::Place>) -> Result<(), Failure> {
    let server = Server::prepare(config).await?;
    let credentials = register(&server).await?;
    let facts = show::Facts::of(&server, &credentials);
    let app = match app {
        Some(place) => Some(place.register(&server.state).await?),
        None => None,
    };
    let served = app.as_ref().map(app::Registered::serve).transpose()?.flatten();
    let state = server.state.clone();
    // The scene talks to the server over HTTP like anybody else, so it runs beside it.
    let scene = actix_web::rt::spawn(async move {
        if let Err(error) = play(facts, state, app).await {
            eprintln!("baton: the demo stopped: {error}; the server is still up");
        }
    });
    let done = server.run().await;
    scene.abort();
    served.iter().for_each(JoinHandle::abort);
    done
}

/// What a partner needs to call.
pub struct Credentials {
    pub client_id: String,
    pub secret: String,
}

async fn register(server: &Server) -> Result<Credentials, Failure> {
    let store = &server.state.store;
    let zone = TIMEZONE
        .parse()
        .map_err(|_| Failure::of("the demo's time zone is unknown"))?;
    let general = Sender::new("general", "ADT1", "GENERAL", zone);
    register::put(store, &general).await?.map_err(Failure::of)?;
    let registration = Registration {
        name: "demo".into(),
        scope: "system/*.cruds".into(),
        ..Registration::default()
    };
    let (client, secret) = client::add(store, registration, Credential::Secret).await?;
    let secret = secret.ok_or_else(|| Failure::of("the client has no secret"))?;
    Ok(Credentials {
        client_id: client.id,
        secret,
    })
}

async fn play(facts: show::Facts, state: AppState, app: Option<app::Registered>) -> Result<(), String> {
    let partner = Partner::connect(&facts.base, &facts.client_id, &facts.secret).await?;
    partner.put(COORDINATOR, &show::coordinator()).await?;
    show::title("An information exchange sends HL7 v2 messages to POST /hl7v2");
    let (now, run) = (edge::now(), facts.run.as_str());
    for story in &STORIES {
        let acknowledgements = partner.send_all(&story.messages(run, now)).await?;
        show::story(story, &acknowledgements);
    }
    show::title("What Baton made of the first one: a plan with tasks and deadlines");
    let patient = partner.only(&format!("Patient?identifier=HF{run}")).await?;
    let plan = partner
        .only(&format!(
            "CarePlan?subject=Patient/{}&status=active",
            show::text(&patient, "/id")
        ))
        .await?;
    let risk = partner
        .all(&format!(
            "RiskAssessment?subject=Patient/{}",
            show::text(&patient, "/id")
        ))
        .await?;
    let tasks = partner
        .all(&format!(
            "Task?based-on=CarePlan/{}&_sort=due",
            show::text(&plan, "/id")
        ))
        .await?;
    show::plan(&patient, &plan, &risk, &tasks, &facts);
    show::title("The worklist of every open task, the most urgent first");
    let worklist = partner
        .bundle("Task?status=requested&due=gt2000-01-01&_sort=due&_include=Task:patient&_count=50")
        .await?;
    show::worklist(&worklist, &facts);
    show::try_next(&facts, show::text(&plan, "/id"));
    let people = people::add(&state.store, &patient).await?;
    show::app(&facts, app.as_ref(), &people);
    Ok(())
}

/// A database of this demo's own, unless one was asked for.
struct Sandbox(Option<PathBuf>);

impl Sandbox {
    fn for_database(data: &mut data::Source) -> Result<Sandbox, Failure> {
        if data.database.is_some() {
            return Ok(Sandbox(None));
        }
        let folder = std::env::temp_dir().join(format!("baton-demo-{}", edge::new_id()));
        std::fs::create_dir_all(&folder)?;
        data.database = Some(format!("sqlite://{}/baton.db", folder.display()));
        Ok(Sandbox(Some(folder)))
    }

    fn remove(self) {
        if let Some(folder) = self.0
            && let Err(error) = std::fs::remove_dir_all(&folder)
        {
            eprintln!("baton: {} was left behind: {error}", folder.display());
        }
    }
}
