//! What a hostile ComfyUI, a hostile file or a hostile visitor tries.

#[cfg(target_os = "linux")]
mod folders;
mod slow;
