//! Any bytes as a policy's exported state: taken or refused, never half, and what is taken comes back the same.

#![no_main]

use libfuzzer_sys::fuzz_target;
use thor_fast::merge::{MergePolicy, Rules};

fuzz_target!(|data: &[u8]| {
    let mut policy = MergePolicy::new(Rules::default());
    let empty = policy.export_state();
    match policy.import_state(data) {
        Ok(()) => {
            let state = policy.export_state();
            let mut again = MergePolicy::new(Rules::default());
            again.import_state(&state).expect("its own state");
            assert_eq!(again.export_state(), state);
        }
        Err(_) => assert_eq!(policy.export_state(), empty),
    }
});
