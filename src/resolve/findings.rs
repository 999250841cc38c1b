//! The problems of the functions of one import. There may be as many as functions times providers, so that an app
//! tells so many one by one, and counts the others.

use super::listed::ImportOf;
use super::problem::{FunctionProblem, Problem};
use super::scene::Scene;

/// Most problems of functions that an app tells one by one. Of each import the first is told, however many others have.
pub const MAX_TOLD: usize = 2_000;

/// Collects the problems of the functions of one import.
pub struct Findings<'a, 'p> {
    scene: &'a Scene<'a>,
    of: ImportOf<'a>,
    problems: &'p mut Vec<Problem<'a>>,
    found: usize,
    untold: usize,
}

impl<'a, 'p> Findings<'a, 'p> {
    pub fn new(scene: &'a Scene<'a>, of: ImportOf<'a>, problems: &'p mut Vec<Problem<'a>>) -> Self {
        Self { scene, of, problems, found: 0, untold: 0 }
    }

    /// How many there are so far, told or not.
    pub fn found(&self) -> usize {
        self.found
    }

    /// Takes a problem in.
    pub fn add(&mut self, problem: FunctionProblem<'a>) {
        let told = self.scene.told_functions.get();
        if told < MAX_TOLD || self.found == 0 {
            self.scene.told_functions.set(told + 1);
            self.problems.push(problem.into());
        } else {
            self.untold += 1;
        }
        self.found += 1;
    }

    /// Tells how many others there are.
    pub fn finish(self) {
        if self.untold > 0 {
            let others = FunctionProblem::Others { of: self.of, count: self.untold, told: MAX_TOLD };
            self.problems.push(others.into());
        }
    }
}
