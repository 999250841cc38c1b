//! How much native stack a call needs.

/// What must be left of its native stack to a plugin that is called back: it goes on with the stack that it was
/// entered with first, of which those have used their part that it has called. A quarter does where it has little.
pub const CALLED_BACK_STACK: usize = 128 << 10;

/// Native stack that must be left below a plugin that has used up its own: what the host needs to
/// serve an import called from there. Most of it is for reading values whose type is nested as deep as
/// types may be, about a hundred times. Measured for that: less than 96 KiB where dependencies are
/// optimised a little, and 430 KiB where nothing is, as in debug builds of embedding applications. A
/// thread of 1 MiB must do all the same.
pub const HOST_STACK_RESERVE: usize = if cfg!(debug_assertions) { 480 << 10 } else { 128 << 10 };
