//! Which ComfyUI servers there are, and what belongs to each.
//!
//! The highest layer that gives an address decides which servers there are. What else is said of a server comes from
//! every layer, by name, with one exception: a lower layer that has an address of its own for that name speaks of
//! another machine, and its headers (perhaps a password) must not go to this one.

use std::path::PathBuf;

use http::HeaderMap;
use http::header::{AUTHORIZATION, HeaderName};

use crate::model::{Folder, InstanceName};

use super::environment::Environment;
use super::error::Error;
use super::given::Given;
use super::instance::{Folders, ServerConfig};
use super::origin::{Layer, Origin, ValueOrigins};
use super::problem::ValueProblem;
use super::setting::Setting;
use super::text;

const DEFAULT_URL: &str = "http://127.0.0.1:8188/";

/// Where ComfyUI is looked for when nobody says where it is.
pub(super) const USUAL_PORTS: [u16; 7] = [
    8188,  // its own default: by hand, portable, StabilityMatrix, Krita, most containers
    8000,  // ComfyUI Desktop
    8001,  // the same where 8000 was taken: it takes the first that is free from 8000 on
    7821,  // the first one that SwarmUI starts
    18188, // images of vast.ai and ai-dock, where 8188 is a proxy that asks for a password
    3000,  // images for RunPod
    3001,  // the same with a proxy at 3000
];

/// The ports to look at: none if anything was said that only makes sense of a certain server.
pub(super) fn ports_to_look_at(givens: &[Given]) -> Vec<u16> {
    let of_certain = [Setting::ComfyuiUrl, Setting::ComfyuiHeader, Setting::AcceptInvalidCerts];
    match givens.iter().any(|given| of_certain.contains(&given.setting)) {
        true => Vec::new(),
        false => USUAL_PORTS.to_vec(),
    }
}

/// The address of a server; `given` is `None` for the one that is assumed when nobody gives any.
struct ServerAddress<'a> {
    name: InstanceName,
    given: Option<&'a Given>,
}

impl ServerAddress<'_> {
    fn layer(&self) -> Layer {
        self.given.map_or(Layer::Default, Given::layer)
    }
}

/// The addresses of every layer, and of those the ones that hold.
struct KnownServer<'a> {
    all: Vec<ServerAddress<'a>>,
    effective: Layer,
}

/// Finds the servers and what belongs to each.
pub(super) fn servers(
    givens: &[Given],
    environment: &Environment<'_>,
    origins: &mut ValueOrigins,
) -> Result<Vec<ServerConfig>, Error> {
    let known = KnownServer::new(givens)?;
    let mut found: Vec<(&ServerAddress<'_>, Vec<&Given>)> =
        known.of_layer(known.effective).map(|address| (address, Vec::new())).collect();
    for given in givens.iter().filter(|given| given.is_about_a_server()) {
        let name = known.target(given)?;
        let speaks_of_another = given.layer() < known.effective && known.has(given.layer(), &name);
        match found.iter_mut().find(|(address, _)| address.name == name) {
            Some((_, own)) if !speaks_of_another => own.push(given),
            None if !known.all.iter().any(|address| address.name == name) => {
                let known = known.names(known.effective);
                return Err(Error::UnknownServer { origin: given.origin.clone(), name, known });
            }
            _ => {}
        }
    }
    let mut instances: Vec<ServerConfig> = Vec::new();
    for (address, givens) in found {
        let instance = Server { address, givens, environment, origins }.build()?;
        let second = || address.given.map_or(Origin::Default, |given| given.origin.clone());
        if instances.iter().any(|other| other.name == instance.name) {
            return Err(Error::SameName { name: instance.name, second: second() });
        }
        if let Some(other) = instances.iter().find(|other| other.url == instance.url) {
            let (url, first) = (instance.url.to_string(), other.name.clone());
            return Err(Error::SameUrl { url, first, second: second() });
        }
        instances.push(instance);
    }
    Ok(instances)
}

impl<'a> KnownServer<'a> {
    fn new(givens: &'a [Given]) -> Result<Self, Error> {
        let mut all = Vec::new();
        for given in givens.iter().filter(|given| given.setting == Setting::ComfyuiUrl) {
            all.push(ServerAddress { name: given.server_name()?.unwrap_or_default(), given: Some(given) });
        }
        if all.is_empty() {
            all.push(ServerAddress { name: InstanceName::default(), given: None });
        }
        let effective = all.iter().map(ServerAddress::layer).max().unwrap_or(Layer::Default);
        Ok(Self { all, effective })
    }

    fn of_layer(&self, layer: Layer) -> impl Iterator<Item = &ServerAddress<'a>> {
        self.all.iter().filter(move |address| address.layer() == layer)
    }

    fn has(&self, layer: Layer, name: &InstanceName) -> bool {
        self.of_layer(layer).any(|address| address.name == *name)
    }

    fn names(&self, layer: Layer) -> String {
        self.of_layer(layer).map(|address| address.name.as_str()).collect::<Vec<_>>().join(", ")
    }

    /// The server that a value is for. Without a name: the only one, else `default`; of its own layer's if it has any.
    fn target(&self, given: &Given) -> Result<InstanceName, Error> {
        if let Some(name) = given.server_name()? {
            return Ok(name);
        }
        let own = Some(given.layer()).filter(|layer| self.of_layer(*layer).next().is_some());
        let layer = own.unwrap_or(self.effective);
        let mut names = self.of_layer(layer).map(|address| &address.name);
        match (names.next(), names.next()) {
            (Some(only), None) => Ok(only.clone()),
            _ if self.has(layer, &InstanceName::default()) => Ok(InstanceName::default()),
            _ => Err(Error::WhichServer { origin: given.origin.clone(), known: self.names(layer) }),
        }
    }
}

impl Given {
    fn is_about_a_server(&self) -> bool {
        self.setting != Setting::ComfyuiUrl && self.setting.spelling().is_of_server()
    }

    fn server_name(&self) -> Result<Option<InstanceName>, Error> {
        let Some(name) = &self.server else { return Ok(None) };
        name.parse().map(Some).map_err(|problem| Error::Value {
            origin: self.origin.clone(),
            text: name.clone(),
            problem: ValueProblem::InstanceName(problem),
        })
    }
}

/// One server, with what was given for it, highest layer first.
struct Server<'a> {
    address: &'a ServerAddress<'a>,
    givens: Vec<&'a Given>,
    environment: &'a Environment<'a>,
    origins: &'a mut ValueOrigins,
}

impl<'a> Server<'a> {
    fn build(mut self) -> Result<ServerConfig, Error> {
        self.refuse_twice()?;
        let (url, headers) = self.connection()?;
        let accept_invalid_certs = match self.highest(&[Setting::AcceptInvalidCerts]) {
            Some(given) => {
                self.origins.note(self.key("accept_invalid_certs"), &given.origin);
                text::switch(&given.text).map_err(|problem| given.is_wrong(problem))?
            }
            None => false,
        };
        let folders = Folders {
            output: self.folder(Setting::ComfyuiOutputDir, Folder::Output)?,
            temp: self.folder(Setting::ComfyuiTempDir, Folder::Temp)?,
            input: self.folder(Setting::ComfyuiInputDir, Folder::Input)?,
        };
        Ok(ServerConfig { name: self.address.name.clone(), url, headers, accept_invalid_certs, folders })
    }

    fn key(&self, key: &str) -> String {
        format!("comfyui.{}.{key}", self.address.name)
    }

    /// Only headers can be given more than once in one layer.
    fn refuse_twice(&self) -> Result<(), Error> {
        for (at, given) in self.givens.iter().enumerate() {
            let is_same = |other: &&Given| other.setting == given.setting && other.layer() == given.layer();
            if given.setting != Setting::ComfyuiHeader && self.givens[..at].iter().any(is_same) {
                return Err(Error::Twice { origin: given.origin.clone(), name: self.address.name.clone() });
            }
        }
        Ok(())
    }

    fn highest(&self, settings: &[Setting]) -> Option<&'a Given> {
        let layer =
            self.givens.iter().filter(|given| settings.contains(&given.setting)).map(|given| given.layer()).max()?;
        let of_layer = |setting: &Setting| {
            self.givens.iter().find(|given| given.setting == *setting && given.layer() == layer).copied()
        };
        settings.iter().find_map(of_layer)
    }

    fn connection(&mut self) -> Result<(url::Url, HeaderMap), Error> {
        let address = self.address;
        let url_text = address.given.map_or(DEFAULT_URL, |given| &given.text);
        let url_origin = address.given.map_or(&Origin::Default, |given| &given.origin);
        let (url, basic) = text::url(url_text).map_err(|problem| match address.given {
            Some(given) => given.is_wrong(problem),
            None => Error::Value { origin: Origin::Default, text: DEFAULT_URL.to_owned(), problem },
        })?;
        self.origins.note(self.key("url"), url_origin);
        let mut headers = HeaderMap::new();
        let mut layers: Vec<(HeaderName, Layer)> = Vec::new();
        for &given in self.givens.iter().filter(|given| given.setting == Setting::ComfyuiHeader) {
            let (name, value) = text::header(&given.text).map_err(|problem| given.is_wrong(problem))?;
            if name == AUTHORIZATION && basic.is_some() {
                return Err(Error::Conflict { first: url_origin.clone(), second: given.origin.clone() });
            }
            if !layers.iter().any(|(other, layer)| *other == name && *layer > given.layer()) {
                self.origins.note(self.key(&format!("headers.{name}")), &given.origin);
                layers.push((name.clone(), given.layer()));
                headers.append(name, value);
            }
        }
        if let Some(basic) = basic {
            self.origins.note(self.key("headers.authorization"), url_origin);
            headers.insert(AUTHORIZATION, basic);
        }
        Ok((url, headers))
    }

    /// The folder itself, or the one of that name below ComfyUI's own; what a higher layer says comes first.
    fn folder(&mut self, setting: Setting, folder: Folder) -> Result<Option<PathBuf>, Error> {
        let Some(given) = self.highest(&[setting, Setting::ComfyuiDir]) else { return Ok(None) };
        let path = given.path(self.environment)?;
        let origin = given.origin.clone();
        let is_whole = given.setting == Setting::ComfyuiDir;
        self.origins.note(self.key(&format!("{}_dir", folder.as_str())), &origin);
        Ok(Some(if is_whole { path.join(folder.as_str()) } else { path }))
    }
}
