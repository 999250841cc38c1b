//! Making a failing app smaller, one part after the other.

use super::model::{App, Fault, Plugin};

/// The smallest app found by leaving parts out for which `fails` still holds.
pub fn shrink(app: &App, fails: impl Fn(&App) -> bool) -> App {
    let mut smallest = app.clone();
    loop {
        let Some(smaller) = smaller(&smallest).into_iter().find(|smaller| fails(smaller)) else { return smallest };
        smallest = smaller;
    }
}

/// A list with one thing less, for each of its things.
fn without<T: Clone>(list: &[T]) -> impl Iterator<Item = Vec<T>> + '_ {
    (0..list.len()).map(|leave_out| {
        let kept = list.iter().enumerate().filter(|(index, _)| *index != leave_out);
        kept.map(|(_, thing)| thing.clone()).collect()
    })
}

/// The app with one part less, in every way.
fn smaller(app: &App) -> Vec<App> {
    let mut apps: Vec<App> = Vec::new();
    apps.extend(without(&app.plugins).map(|plugins| App { plugins, ..app.clone() }));
    apps.extend(without(&app.bind).map(|bind| App { bind, ..app.clone() }));
    apps.extend(without(&app.host).map(|host| App { host, ..app.clone() }));
    apps.extend(without(&app.overrides).map(|overrides| App { overrides, ..app.clone() }));
    for (index, plugin) in app.plugins.iter().enumerate() {
        // Plugins of one id stay equal.
        if app.plugins.iter().filter(|other| other.id == plugin.id).count() > 1 {
            continue;
        }
        for plugin in smaller_plugins(plugin) {
            let mut smaller = app.clone();
            smaller.plugins[index] = plugin;
            apps.push(smaller);
        }
    }
    for (index, bind) in app.bind.iter().enumerate() {
        for providers in without(&bind.providers) {
            let mut smaller = app.clone();
            smaller.bind[index].providers = providers;
            apps.push(smaller);
        }
    }
    apps
}

fn smaller_plugins(plugin: &Plugin) -> Vec<Plugin> {
    let mut plugins: Vec<Plugin> = Vec::new();
    let with = |change: &dyn Fn(&mut Plugin)| {
        let mut plugin = plugin.clone();
        change(&mut plugin);
        plugin
    };
    plugins.extend(without(&plugin.import_lines).map(|lines| with(&|plugin| plugin.import_lines.clone_from(&lines))));
    plugins.extend(without(&plugin.export_lines).map(|lines| with(&|plugin| plugin.export_lines.clone_from(&lines))));
    plugins.extend(without(&plugin.imports).map(|imports| with(&|plugin| plugin.imports.clone_from(&imports))));
    plugins.extend(without(&plugin.exports).map(|exports| with(&|plugin| plugin.exports.clone_from(&exports))));
    for index in 0..plugin.imports.len() {
        if !plugin.imports[index].name.is_bare() {
            let fewer = without(&plugin.imports[index].functions);
            plugins.extend(fewer.map(|fewer| with(&|plugin| plugin.imports[index].functions.clone_from(&fewer))));
        }
    }
    for index in 0..plugin.exports.len() {
        if !plugin.exports[index].name.is_bare() {
            let fewer = without(&plugin.exports[index].functions);
            plugins.extend(fewer.map(|fewer| with(&|plugin| plugin.exports[index].functions.clone_from(&fewer))));
        }
    }
    for (index, line) in plugin.import_lines.iter().enumerate() {
        if line.skip {
            plugins.push(with(&|plugin| plugin.import_lines[index].skip = false));
        }
        if line.late {
            plugins.push(with(&|plugin| plugin.import_lines[index].late = false));
        }
    }
    for (index, line) in plugin.export_lines.iter().enumerate() {
        if line.priority != 0 {
            plugins.push(with(&|plugin| plugin.export_lines[index].priority = 0));
        }
    }
    if plugin.fault != Fault::None {
        plugins.push(with(&|plugin| plugin.fault = Fault::None));
    }
    if plugin.folder {
        plugins.push(with(&|plugin| plugin.folder = false));
    }
    plugins
}
