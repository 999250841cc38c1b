//! Random apps: who owns resources of which type, and who calls whom.

use super::random::Random;

/// How many handles a plugin can keep.
pub const SLOTS: usize = 64;

/// The plugins of an app, in an order in which each calls only earlier ones.
#[derive(Debug, Clone)]
pub struct Graph {
    /// How many types of resources there are: interface `tN` defines `thingN`.
    pub types: usize,
    pub plugins: Vec<Plugin>,
    /// How long a plugin waits before it asks another one: where threads are to meet.
    pub linger: u32,
}

/// A plugin. It keeps handles for others, and does with them what it is told.
#[derive(Debug, Clone)]
pub struct Plugin {
    /// The type whose things it owns.
    pub own: Option<usize>,
    /// The types of handles that it can keep.
    pub views: Vec<View>,
    /// Plugins that it passes handles to.
    pub links: Vec<Link>,
    /// For each view, whom it shows its handles all at once, where it does so.
    pub fans: Vec<Option<Fan>>,
}

/// Several plugins that are asked at once.
#[derive(Debug, Clone)]
pub struct Fan {
    pub providers: Vec<usize>,
    pub failing: Failing,
}

/// What becomes of the failure of one of several.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failing {
    /// It is a value.
    Told,
    /// It is left out.
    Skipped,
    /// It ends the consumer's call.
    Traps,
}

/// A type of handles, as a plugin sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct View {
    pub ty: usize,
    pub sight: Sight,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sight {
    /// The plugin's own things.
    Native,
    /// Things that come in through an import, which is bound to this owner for what has no handle.
    Alien(usize),
    /// Things of which it knows nothing but that they are handles.
    Opaque,
}

#[derive(Debug, Clone, Copy)]
pub struct Link {
    pub to: usize,
    /// Whether a failure is a value for the one who calls.
    pub soft: bool,
}

impl Graph {
    pub fn random(random: &mut Random) -> Self {
        let (plugins, types) = (3 + random.below(6), random.pick(&[1, 1, 2, 3]));
        let mut graph = Self { types, plugins: Vec::new(), linger: 0 };
        for _ in 0..plugins {
            let plugin = graph.plugin(random);
            graph.plugins.push(plugin);
        }
        graph
    }

    fn plugin(&self, random: &mut Random) -> Plugin {
        let first = self.plugins.is_empty();
        let own = (first || random.percent(50)).then(|| random.below(self.types));
        let mut views: Vec<View> = own.map(|ty| View { ty, sight: Sight::Native }).into_iter().collect();
        for ty in 0..self.types {
            let owners: Vec<usize> = (0..self.plugins.len()).filter(|p| self.plugins[*p].own == Some(ty)).collect();
            if !owners.is_empty() && random.percent(75) {
                views.push(View { ty, sight: Sight::Alien(random.pick(&owners)) });
            } else if random.percent(30) {
                views.push(View { ty, sight: Sight::Opaque });
            }
        }
        let mut links = Vec::new();
        for to in 0..self.plugins.len() {
            let shared = views.iter().any(|view| view.sight != Sight::Native && self.keeps(to, view.ty).is_some());
            if shared && random.percent(60) {
                links.push(Link { to, soft: random.percent(40) });
            }
        }
        let fans = views.iter().map(|view| self.fan(random, *view)).collect();
        Plugin { own, views, links, fans }
    }

    fn fan(&self, random: &mut Random, view: View) -> Option<Fan> {
        let mut providers: Vec<usize> = (0..self.plugins.len()).filter(|p| self.keeps(*p, view.ty).is_some()).collect();
        random.shuffle(&mut providers);
        providers.truncate(1 + random.below(4));
        let failing = random.pick(&[Failing::Told, Failing::Told, Failing::Skipped, Failing::Traps]);
        (view.sight != Sight::Native && !providers.is_empty() && random.percent(60))
            .then_some(Fan { providers, failing })
    }

    /// As what a plugin takes handles of a type from others: as its own where it owns such things.
    pub fn keeps(&self, plugin: usize, ty: usize) -> Option<usize> {
        self.plugins[plugin].views.iter().position(|view| view.ty == ty)
    }

    /// Whether a plugin passes handles of a view to another one, and whether failures are values then.
    pub fn link(&self, plugin: usize, view: View, to: usize) -> Option<Link> {
        let link = self.plugins[plugin].links.iter().find(|link| link.to == to);
        link.filter(|_| view.sight != Sight::Native && self.keeps(to, view.ty).is_some()).copied()
    }

    /// The plugins that a plugin passes handles of a view to.
    pub fn links(&self, plugin: usize, view: View) -> impl Iterator<Item = Link> {
        self.plugins[plugin].links.iter().filter_map(move |link| self.link(plugin, view, link.to))
    }

    /// The first view of each type that a plugin has: those that others see.
    pub fn kept(&self, plugin: usize) -> impl Iterator<Item = (usize, View)> {
        let views = self.plugins[plugin].views.iter().copied().enumerate();
        views.filter(move |(index, view)| self.keeps(plugin, view.ty) == Some(*index))
    }
}

impl Plugin {
    /// Whether things of a view can be made and asked.
    pub fn can_ask(view: View) -> bool {
        view.sight != Sight::Opaque
    }
}
