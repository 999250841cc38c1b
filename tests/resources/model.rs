//! Random lives of resources, held against a model of a few lines: what there is, who has it, and which
//! destructors have run, in order.

use std::time::Duration;

use plugweave::{CallErrorKind, Val};

use crate::ends::Scene;

/// The number of a counter whose destructor fails.
const BAD: u32 = 13;

/// A counter, as the model sees it.
#[derive(Clone, Copy, PartialEq, Debug)]
struct Counter {
    n: u32,
    /// Which one it is.
    number: u32,
    /// Which of the owner's instances has it.
    generation: u32,
}

struct Model {
    scene: Scene,
    seed: u64,
    /// What is with the host.
    host: Vec<(Counter, Val)>,
    /// What is in pages, which the host has.
    pages: Vec<(Counter, Val)>,
    /// What the holder has; only of the last one it knows, if `knows`.
    holder: Vec<Counter>,
    knows: bool,
    /// How many there are in the owner's present instance.
    live: u32,
    generation: u32,
    ended: Vec<u32>,
    opened: u32,
}

impl Model {
    fn new(seed: u64) -> Self {
        let scene = Scene::with(|plugin| plugin.restart(1_000_000, Duration::from_secs(60)));
        let (host, pages, holder) = (Vec::new(), Vec::new(), Vec::new());
        Self { scene, seed, host, pages, holder, knows: false, live: 0, generation: 0, ended: Vec::new(), opened: 100 }
    }

    /// A number below `limit`.
    fn random(&mut self, limit: usize) -> usize {
        self.seed = self.seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.seed >> 33).unwrap() % limit
    }

    /// The last handle of a counter is gone.
    fn end(&mut self, counter: Counter) {
        if counter.generation == self.generation {
            self.ended.push(counter.n);
            self.live -= 1;
            if counter.n == BAD {
                self.owner_fails();
            }
        }
    }

    fn owner_fails(&mut self) {
        self.generation += 1;
        self.live = 0;
    }

    fn take(&mut self) -> Option<(Counter, Val)> {
        let count = self.host.len();
        (count > 0).then(|| self.random(count)).map(|index| self.host.swap_remove(index))
    }

    fn open(&mut self, n: u32) {
        self.opened += 1;
        let value = self.scene.open(n);
        self.host.push((Counter { n, number: self.opened, generation: self.generation }, value));
        self.live += 1;
    }

    /// The holder lets go of the one it knows.
    fn poked(&mut self) {
        if std::mem::take(&mut self.knows)
            && let Some(counter) = self.holder.pop()
        {
            self.end(counter);
        }
    }

    fn ask(&mut self) {
        let Some((counter, value)) = self.take() else { return };
        let expected = if counter.generation == self.generation {
            Ok(Some(Val::U32(counter.n)))
        } else {
            Err(CallErrorKind::OwnerRestarted)
        };
        assert_eq!(self.scene.get(&value).map_err(|error| error.kind()), expected);
        self.host.push((counter, value));
    }

    /// The owner fails with a counter in its hands, unless that is stale.
    fn fail_owner(&mut self) {
        let Some((counter, value)) = self.take() else { return };
        let kind = self.scene.fails("t:t/store#fail", std::slice::from_ref(&value));
        if counter.generation == self.generation {
            assert_eq!(kind, CallErrorKind::Trap);
            self.owner_fails();
        } else {
            assert_eq!(kind, CallErrorKind::OwnerRestarted);
            self.host.push((counter, value));
        }
    }

    fn fail_holder(&mut self) {
        assert_eq!(self.scene.fails("t:t/desk#fail", &[]), CallErrorKind::Trap);
        self.knows = false;
        // Oldest first.
        let mut held = std::mem::take(&mut self.holder);
        held.sort_by_key(|counter| counter.number);
        held.into_iter().for_each(|counter| self.end(counter));
    }

    fn step(&mut self) {
        match self.random(20) {
            0..=5 => self.open(self.opened + 1),
            6 => self.open(BAD),
            7..=9 => {
                if let Some((counter, value)) = self.take() {
                    drop(value);
                    self.end(counter);
                }
            }
            10 | 11 => {
                if let Some((counter, value)) = self.take() {
                    self.scene.keep(value);
                    self.holder.push(counter);
                    self.knows = true;
                }
            }
            12 => {
                if let Some((counter, value)) = self.take() {
                    let page = self.scene.stick(value);
                    self.pages.push((counter, page));
                }
            }
            13 => {
                if let Some((counter, page)) = self.pages.pop() {
                    drop(page);
                    self.end(counter);
                }
            }
            14 => {
                self.scene.app.call("t:t/poker#poke", &[]).unwrap();
                self.poked();
            }
            15 => {
                // The destructor waits until the owner has answered.
                assert_eq!(self.scene.work(), self.live);
                self.poked();
            }
            16 | 17 => self.ask(),
            18 => self.fail_owner(),
            _ => self.fail_holder(),
        }
        assert_eq!(self.scene.told.ended(), std::mem::take(&mut self.ended));
        assert_eq!(self.scene.live(), self.live);
        assert_eq!(self.scene.app.live_handles(), self.host.len() + 2 * self.pages.len() + self.holder.len());
    }

    /// Lets go of everything.
    fn finish(mut self) {
        for (counter, value) in std::mem::take(&mut self.host).into_iter().chain(std::mem::take(&mut self.pages)) {
            drop(value);
            self.end(counter);
        }
        self.fail_holder();
        assert_eq!(self.scene.told.ended(), self.ended);
        self.scene.all_ended();
    }
}

#[test]
fn random_lives() {
    for seed in 0..12 {
        let mut model = Model::new(seed);
        (0..250).for_each(|_| model.step());
        model.finish();
    }
}

/// Many threads do as they please; some plugins fail at times. No destructor runs twice, and nothing is left.
#[test]
fn lives_on_many_threads() {
    let scene = Scene::with(|plugin| plugin.restart(1_000_000, Duration::from_secs(60)));
    std::thread::scope(|scope| {
        for thread in 1..=4 {
            let scene = &scene;
            scope.spawn(move || {
                for call in 0..100 {
                    let n = thread * 1000 + call;
                    let counter = scene.open(n);
                    match call % 5 {
                        0 => drop(counter),
                        1 => scene.keep(counter),
                        2 => drop(scene.stick(counter)),
                        3 => {
                            scene.work();
                        }
                        _ if call % 20 == 4 => {
                            scene.fails("t:t/desk#fail", &[]);
                        }
                        _ => drop(scene.get(&counter)),
                    }
                }
            });
        }
    });
    scene.fails("t:t/desk#fail", &[]);
    let mut ended = scene.told.ended();
    ended.sort_unstable();
    let all: Vec<u32> = (1..=4).flat_map(|thread| thread * 1000..thread * 1000 + 100).collect();
    assert_eq!(ended, all, "each of them once");
    scene.all_ended();
}
