//! Reads the configuration: flags over environment over file over defaults.

use std::{collections::BTreeMap, path::PathBuf};

use anyhow::bail;
use clap::{Arg, ArgMatches, Args, Command, FromArgMatches};
use figment::{
    Figment, Metadata, Profile, Provider,
    error::Kind,
    providers::{Format as _, Toml},
    value::{Dict, Map, Value},
};

use super::{Config, SETTINGS, search::without_password, setting::Setting};

/// The settings that were given as flags, and the file to read.
#[derive(Clone, Debug, Default)]
pub(crate) struct Flags {
    file: Option<PathBuf>,
    values: BTreeMap<&'static str, String>,
}

/// A configuration, and where each value came from.
#[derive(Debug)]
pub(crate) struct Loaded {
    pub(crate) config: Config,
    pub(crate) explained: Vec<Explained>,
}

/// One row of `custody config`.
#[derive(Debug, serde::Serialize)]
pub(crate) struct Explained {
    pub(crate) key: &'static str,
    pub(crate) value: Option<String>,
    pub(crate) source: String,
    pub(crate) env: &'static str,
    pub(crate) doc: &'static str,
}

impl Flags {
    /// As environment variables: what a process is given that is to have the same configuration.
    pub(crate) fn as_environment(&self) -> Vec<(&'static str, String)> {
        let values = SETTINGS.iter().filter_map(|s| Some((s.env, self.values.get(s.key)?.clone())));
        let file = self.file.iter().map(|file| ("CUSTODY_CONFIG", file.display().to_string()));
        values.chain(file).collect()
    }
}

/// Merges the four places and checks every value.
pub(crate) fn load(flags: &Flags) -> anyhow::Result<Loaded> {
    let environment = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let mut figment = Figment::from(Layer::new("default", defaults()));
    if let Some(file) = flags.file.clone().or_else(|| environment("CUSTODY_CONFIG").map(PathBuf::from)) {
        if !file.is_file() {
            bail!("the configuration file {} is not there", file.display());
        }
        figment = figment.merge(Toml::file_exact(file));
    }
    let from_environment = SETTINGS.iter().filter_map(|s| Some((s.key, environment(s.env)?))).collect();
    figment = figment
        .merge(Layer::new("environment", from_environment))
        .merge(Layer::new("flag", flags.values.clone()));
    let config: Config = figment.extract().map_err(|error| explain(&error))?;
    if config.tls_cert.is_some() != config.tls_key.is_some() {
        bail!("tls_cert and tls_key go together; only one of them is set");
    }
    let is_postgres = |url: &str| url.starts_with("postgres://") || url.starts_with("postgresql://");
    if config.database_url.as_deref().is_some_and(|url| !is_postgres(url)) {
        bail!("DATABASE_URL must look like postgres://user:password@host:5432/database");
    }
    if config.keys != "local" {
        bail!("keys = {:?}: only `local` is there yet", config.keys);
    }
    let explained = SETTINGS.iter().map(|setting| row(&figment, setting)).collect();
    Ok(Loaded { config, explained })
}

fn defaults() -> BTreeMap<&'static str, String> {
    let mut values: BTreeMap<_, _> =
        SETTINGS.iter().filter(|s| !s.default.is_empty()).map(|s| (s.key, s.default.to_owned())).collect();
    values.insert("data_dir", default_data_dir().display().to_string());
    values.entry("trusted_proxies").or_default();
    values.entry("cors_origins").or_default();
    values.entry("scan_profiles").or_default();
    values.entry("job_kinds").or_default();
    values.entry("search_own_indices").or_default();
    values
}

/// `/var/lib/custody` for root, whose home the database's user could not traverse.
fn default_data_dir() -> PathBuf {
    if nix::unistd::geteuid().is_root() {
        return PathBuf::from("/var/lib/custody");
    }
    let home = || std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".local/share"));
    let base = std::env::var_os("XDG_DATA_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
    base.or_else(home).unwrap_or_else(|| PathBuf::from(".")).join("custody")
}

fn row(figment: &Figment, setting: &'static Setting) -> Explained {
    let value =
        figment.find_value(setting.key).ok().map(|value| text(&value)).filter(|text| !text.is_empty());
    let source = match (&value, figment.find_metadata(setting.key)) {
        (None, _) | (_, None) => "not set".to_owned(),
        (Some(_), Some(metadata)) => match metadata.name.as_ref() {
            "environment" => format!("environment {}", setting.env),
            "flag" => format!("flag --{}", setting.flag()),
            "default" => "default".to_owned(),
            file => {
                metadata.source.as_ref().map_or_else(|| file.to_owned(), |source| format!("file {source}"))
            }
        },
    };
    let value = value
        .map(|value| if setting.secret { "(set, not shown)".to_owned() } else { without_password(value) });
    Explained { key: setting.key, value, source, env: setting.env, doc: setting.doc }
}

fn text(value: &Value) -> String {
    match value {
        Value::Array(_, items) => items.iter().map(text).collect::<Vec<_>>().join(","),
        Value::String(_, text) => text.clone(),
        Value::Num(_, number) => match (number.to_u128(), number.to_i128()) {
            (Some(n), _) => n.to_string(),
            (_, Some(n)) => n.to_string(),
            _ => String::new(),
        },
        Value::Bool(_, flag) => flag.to_string(),
        _ => String::new(),
    }
}

/// Figment's message, with the setting's names in all three places.
fn explain(error: &figment::Error) -> anyhow::Error {
    let key = error.path.join(".");
    if let Kind::UnknownField(name, _) = &error.kind {
        return anyhow::anyhow!("there is no setting `{name}`; `custody config` lists all");
    }
    match SETTINGS.iter().find(|setting| setting.key == key) {
        Some(setting) => anyhow::anyhow!(
            "the setting {key} (--{}, {}): {}\n  {}",
            setting.flag(),
            setting.env,
            error.kind,
            setting.doc
        ),
        None => anyhow::anyhow!("configuration: {error}"),
    }
}

/// Values of one origin, as text; numbers and booleans are read from it.
struct Layer {
    name: &'static str,
    values: BTreeMap<&'static str, String>,
}

impl Layer {
    fn new(name: &'static str, values: BTreeMap<&'static str, String>) -> Self {
        Self { name, values }
    }
}

impl Provider for Layer {
    fn metadata(&self) -> Metadata {
        Metadata::named(self.name)
    }

    fn data(&self) -> Result<Map<Profile, Dict>, figment::Error> {
        let typed = |text: &String| match (text.parse::<u64>(), text.parse::<bool>()) {
            (Ok(number), _) => Value::from(number),
            (_, Ok(flag)) => Value::from(flag),
            _ => Value::from(text.as_str()),
        };
        let dict = self.values.iter().map(|(key, text)| ((*key).to_owned(), typed(text))).collect();
        Ok(Profile::Default.collect(dict))
    }
}

impl Args for Flags {
    fn augment_args(command: Command) -> Command {
        let file = Arg::new("config").long("config").value_name("FILE").global(true);
        let command = command.next_help_heading(
            "Settings of the server and its database (also by environment or file, see `custody config`)",
        );
        let command = command.arg(file.help("Configuration file, TOML [env: CUSTODY_CONFIG]"));
        SETTINGS.iter().fold(command, |command, setting| {
            command.arg(
                Arg::new(setting.key)
                    .long(setting.flag())
                    .value_name("VALUE")
                    .global(true)
                    // Dozens of them would bury each verb's own flags.
                    .hide_short_help(!matches!(setting.key, "data_dir" | "listen" | "database_url"))
                    .help(format!("{} [env: {}]", setting.doc, setting.env)),
            )
        })
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for Flags {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let given = |key: &'static str| Some((key, matches.get_one::<String>(key)?.clone()));
        Ok(Self {
            file: matches.get_one::<String>("config").map(PathBuf::from),
            values: SETTINGS.iter().filter_map(|setting| given(setting.key)).collect(),
        })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

/// Leaves the settings out of the help of these verbs, and of what is below them. They are taken all
/// the same: a script may pass them to every verb. `command` must be built, or they are not there yet.
pub(crate) fn hide_settings(command: &mut Command, verbs: &[String]) {
    for verb in command.get_subcommands_mut().filter(|verb| verbs.iter().any(|name| name == verb.get_name()))
    {
        hide(verb);
    }
}

fn hide(command: &mut Command) {
    *command = std::mem::take(command).mut_args(|arg| {
        let is_setting = SETTINGS.iter().any(|s| s.key == arg.get_id()) || arg.get_id() == "config";
        if is_setting { arg.hide(true) } else { arg }
    });
    // `scan setup` is for the server's own machine.
    command.get_subcommands_mut().filter(|verb| verb.get_name() != "setup").for_each(hide);
}

/// Variables that look like settings and are none: most likely misspelt.
pub(crate) fn unknown_variables() -> Vec<String> {
    let elsewhere = [
        "CUSTODY_CONFIG",
        "CUSTODY_URL",
        "CUSTODY_TOKEN",
        "CUSTODY_CA_FILE",
        // The Makefile's and the tests'.
        "CUSTODY_CACHE",
        "CUSTODY_TEST_",
    ];
    let known = |name: &str| {
        SETTINGS.iter().any(|s| s.env == name) || elsewhere.iter().any(|prefix| name.starts_with(prefix))
    };
    let mut names: Vec<_> = std::env::vars_os()
        .filter_map(|(name, _)| name.into_string().ok())
        .filter(|name| name.starts_with("CUSTODY_") && !known(name))
        .collect();
    names.sort();
    names
}
