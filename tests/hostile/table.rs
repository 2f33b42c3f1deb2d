//! Every attack of the security review, and by which tests it is held. A test walks the table, so that none of them can go or
//! be renamed without a word here.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// One attack.
struct Row {
    number: usize,
    /// What is tried.
    tried: &'static str,
    /// The tests that fail when it gives way.
    held: &'static [&'static str],
    /// Why there is none.
    reason: &'static str,
}

const fn row(number: usize, tried: &'static str, held: &'static [&'static str]) -> Row {
    Row { number, tried, held, reason: "" }
}

/// One that no test of ours can try.
const fn read(number: usize, tried: &'static str, reason: &'static str) -> Row {
    Row { number, tried, held: &[], reason }
}

const TABLE: [Row; 89] = [
    // Who may come in.
    row(
        1,
        "every address by every method without a secret, also below a panel and under odd spellings",
        &[
            "nothing_but_health_and_sign_in_answers_without_a_secret",
            "however_an_address_is_written_nothing_answers_without_a_secret",
        ],
    ),
    row(
        2,
        "every address by every method with a token for reading",
        &["a_token_for_reading_reads_everything_and_changes_nothing", "what_a_route_does_not_say_it_reads_it_changes"],
    ),
    row(
        3,
        "secrets and paths of the machine in what a token for reading is told",
        &["a_token_for_reading_is_told_no_secret_and_no_path_of_this_machine"],
    ),
    row(
        4,
        "Host as a number, with a dot, in brackets, with something around it, twice, not at all",
        &[
            "names_of_others_are_refused",
            "what_stands_around_a_name_of_ours_is_refused",
            "names_that_are_not_ours_are_refused_however_they_are_written",
        ],
    ),
    row(
        5,
        "one name in the request line and another in Host",
        &[
            "a_request_line_with_a_foreign_host_is_turned_away_too",
            "names_that_are_not_ours_are_refused_however_they_are_written",
        ],
    ),
    row(6, "X-Forwarded-Host and Forwarded from somebody who is no proxy", &["a_stranger_is_believed_nothing"]),
    row(7, "a page that points its own name at us", &["a_foreign_host_is_turned_away_and_told_how_to_add_it"]),
    row(
        8,
        "the same beside a trusted proxy, with the headers of a proxy",
        &[
            "a_browser_beside_a_trusted_proxy_gets_nothing_by_speaking_as_the_proxy",
            "a_page_that_points_its_name_at_us_says_in_vain_that_a_proxy_sends_it",
        ],
    ),
    row(
        9,
        "guessing through a proxy, from another address each time",
        &[
            "guesses_from_ever_new_addresses_of_a_proxy_are_counted_together",
            "whoever_says_to_come_from_another_address_each_time_has_to_wait_too",
            "whoever_is_at_another_address_each_time_is_held_up_at_the_proxy",
        ],
    ),
    row(
        10,
        "guessing a password, in a row and a hundred at once",
        &[
            "who_guesses_has_to_wait_and_nobody_else_has",
            "a_hundred_passwords_at_once_are_ten_attempts_however_long_they_are",
        ],
    ),
    row(
        11,
        "guessing a token while passwords are held up",
        &[
            "a_token_that_can_be_guessed_lets_nothing_start",
            "a_token_that_can_be_guessed_is_held_up_as_a_password_is_and_a_long_one_is_not",
        ],
    ),
    row(
        12,
        "locking out who holds a session or a token",
        &[
            "who_guesses_has_to_wait_and_nobody_else_has",
            "a_program_that_knows_the_password_goes_on_while_others_guess",
        ],
    ),
    row(
        13,
        "locking out who shares the address and holds neither: they wait, as documented",
        &["a_hundred_passwords_at_once_are_ten_attempts_however_long_they_are"],
    ),
    row(
        14,
        "locking out by a page of another site that signs in wrongly",
        &["pages_of_other_sites_change_nothing_and_their_guesses_lock_nobody_out"],
    ),
    row(
        15,
        "sessions that are forged, changed, over, or too long",
        &["what_was_changed_or_is_over_does_not_hold", "a_session_holds_for_this_key_and_this_password"],
    ),
    row(
        16,
        "a session that was planted before somebody signs in",
        &[
            "a_hundred_passwords_at_once_are_ten_attempts_however_long_they_are",
            "signing_out_ends_this_session_in_every_copy_and_no_other",
        ],
    ),
    row(
        17,
        "a session that was copied before its owner signed out",
        &[
            "a_copied_session_is_over_when_its_owner_signs_out_also_after_a_restart",
            "one_that_was_ended_is_over_wherever_its_copies_are_and_others_go_on",
        ],
    ),
    row(
        18,
        "a session that a server on another port of this host is sent: it ends with the session; docs/security.md says so",
        &["a_copied_session_is_over_when_its_owner_signs_out_also_after_a_restart"],
    ),
    read(
        19,
        "finding out a token by how long it takes to refuse one",
        "every byte of every hash is compared; a clock in a test would say more of the machine",
    ),
    row(
        20,
        "passwords that are too long, and more at once than can be compared",
        &[
            "no_more_wait_than_there_are_places",
            "a_password_that_was_right_is_known_for_a_while",
            "a_hundred_passwords_at_once_are_ten_attempts_however_long_they_are",
        ],
    ),
    // Other pages.
    row(
        21,
        "forms of other sites",
        &[
            "pages_of_other_sites_change_nothing_and_their_guesses_lock_nobody_out",
            "another_site_changes_nothing",
            "a_named_site_changes_nothing",
        ],
    ),
    row(
        22,
        "origins that are like one that may read",
        &[
            "pages_of_other_origins_read_nothing_however_like_one_of_ours_they_are_called",
            "pages_of_a_configured_comfyui_may_read_and_no_others",
            "a_site_that_is_named_may_read_and_only_exactly_that",
        ],
    ),
    row(
        23,
        "a page of a recorded ComfyUI that reads in the viewer's name",
        &["pages_of_comfyui_read_but_not_in_the_name_of_who_is_signed_in"],
    ),
    row(
        24,
        "the same by a message to our frame",
        &["a page around the frame is given no run for the asking, but what was dragged, once"],
    ),
    row(
        25,
        "our frame in a page of another site",
        &[
            "only_pages_for_a_frame_may_be_framed_and_only_by_comfyui",
            "frames_are_for_the_pages_of_a_configured_comfyui",
        ],
    ),
    row(
        26,
        "messages from another page or window",
        &["nobody but the frame is heard, and nobody but the page around it hears the frame"],
    ),
    row(
        27,
        "being led to another site by an address or a form",
        &[
            "nobody_is_led_elsewhere_by_what_an_address_or_a_form_names",
            "signing_in_leads_nowhere_else",
            "nobody_is_sent_to_another_host",
        ],
    ),
    row(
        28,
        "being led to another site by the script of a frame",
        &["a page for the frame leads to no other site, however its path begins"],
    ),
    row(29, "addresses of ComfyUI servers in what strangers are told", &["strangers_learn_no_address_of_a_comfyui"]),
    row(
        30,
        "a stranger's server on a usual port, or at another loopback address",
        &[
            "comfyui_on_a_usual_port_is_found_recorded_and_remembered",
            "nobody_but_comfyui_is_taken_for_it",
            "a_page_at_another_loopback_address_is_not_the_comfyui_that_is_named",
        ],
    ),
    // Pages and files.
    row(
        31,
        "markup in every field that ComfyUI or a visitor fills",
        &[
            "hostile_texts_are_shown_as_text_on_every_page",
            "every generation shows them as text, in full, where they matter",
            "hostile texts that arrive while a page is open are text too",
            "a hostile query is answered by a page that repeats it as text",
            "hostile texts in the box and among the values are shown as text",
        ],
    ),
    row(
        32,
        "files that a browser could run, whatever they are called",
        &[
            "no_file_runs_in_the_browser_whatever_it_is_and_is_called",
            "only_what_cannot_hold_a_script_is_shown",
            "a_file_that_could_run_is_never_shown_by_its_name",
            "an HTML file that a run saved is never shown as a page of ours",
        ],
    ),
    row(
        33,
        "an answer without a policy",
        &[
            "every_response_says_how_it_may_be_used",
            "every_error_has_its_code_its_shape_and_its_headers",
            "pages_run_no_script_but_ours",
            "no_file_runs_in_the_browser_whatever_it_is_and_is_called",
        ],
    ),
    row(
        34,
        "headers in names, paths and forms",
        &[
            "what_is_asked_for_becomes_no_path_no_header_and_no_failure",
            "nobody_is_led_elsewhere_by_what_an_address_or_a_form_names",
            "a_name_is_only_what_a_download_is_called",
        ],
    ),
    row(
        35,
        "paths that lead up, absolute ones, devices, drives, streams",
        &["what_is_asked_for_becomes_no_path_no_header_and_no_failure", "what_is_not_there_is_not_found"],
    ),
    row(
        36,
        "numbers, ranges and cursors beyond their bounds",
        &[
            "what_is_asked_for_becomes_no_path_no_header_and_no_failure",
            "a_part_of_a_file_is_served",
            "a_foreign_cursor_is_refused",
        ],
    ),
    // The wire.
    row(37, "a request within a request", &["no_request_hides_in_another"]),
    row(
        38,
        "heads without an end, and too many or too long headers",
        &["heads_and_bodies_without_end_are_refused_and_fill_no_memory"],
    ),
    row(39, "bodies of megabytes, and deep ones", &["heads_and_bodies_without_end_are_refused_and_fill_no_memory"]),
    row(
        40,
        "connections that say nothing, half a head, or a byte now and then",
        &[
            "visitor_is_served_though_all_connections_are_taken_by_those_that_listen_or_rest",
            "visitor_is_served_though_all_connections_are_taken_by_those_that_never_ask",
        ],
    ),
    row(
        41,
        "bodies that never come, and answers that nobody reads",
        &[
            "bodies_that_never_come_keep_nobody_out_and_are_not_waited_for_long",
            "answers_that_nobody_reads_keep_nobody_out",
            "a_client_that_never_reads_holds_up_nobody",
        ],
    ),
    row(
        42,
        "searches that mean nothing, or too much",
        &[
            "searches_that_mean_nothing_are_answered_soon_and_without_a_failure",
            "the_deepest_and_the_longest_are_answered",
            "what_is_nearly_a_search_reads_back",
            "a_read_that_takes_too_long_is_ended",
        ],
    ),
    // A hostile ComfyUI.
    row(43, "redirects of each answer, to another server and to files", &["redirects_of_every_answer_lead_nowhere"]),
    row(44, "answers that unpack to more than they are", &["what_is_said_to_be_packed_is_taken_as_it_came"]),
    row(
        45,
        "texts a hundred thousand levels deep, at every place",
        &[
            "runs_that_are_deep_wide_circular_or_absurd_are_recorded_and_hold_up_none",
            "lists_of_a_comfyui_that_make_no_sense_are_read_as_far_as_they_do",
            "a_secret_is_found_however_deep_it_lies",
        ],
    ),
    row(
        46,
        "long chains of links, circles, texts that double",
        &["runs_that_are_deep_wide_circular_or_absurd_are_recorded_and_hold_up_none", "circles_and_bombs_end"],
    ),
    row(
        47,
        "very many nodes, inputs and words",
        &[
            "a_graph_of_twenty_thousand_nodes_is_read_in_no_time",
            "a_node_of_twenty_thousand_inputs_is_read_in_no_time",
            "runs_that_are_deep_wide_circular_or_absurd_are_recorded_and_hold_up_none",
        ],
    ),
    row(
        48,
        "numbers that are none, times at the ends of time, odd items of a queue",
        &[
            "runs_that_are_deep_wide_circular_or_absurd_are_recorded_and_hold_up_none",
            "lists_of_a_comfyui_that_make_no_sense_are_read_as_far_as_they_do",
            "absurd_times_are_moved_into_range",
        ],
    ),
    row(
        49,
        "names, keys and ids of a megabyte, errors of many",
        &[
            "runs_that_are_deep_wide_circular_or_absurd_are_recorded_and_hold_up_none",
            "what_is_huge_is_cut_and_its_files_are_not",
        ],
    ),
    row(50, "many secrets times many texts", &["many_secrets_in_many_texts_hold_no_other_run_up"]),
    row(
        51,
        "a large workflow with the name of a secret in it",
        &["a_workflow_of_megabytes_with_a_secret_takes_little_more_than_its_own_length"],
    ),
    row(
        52,
        "thousands of outputs and inputs",
        &[
            "a_run_of_many_outputs_is_recorded_with_all_of_them",
            "as_many_as_a_hostile_node_likes_are_each_found_at_once",
        ],
    ),
    row(
        53,
        "thousands of texts in an archive",
        &[
            "a_run_of_many_outputs_is_recorded_with_all_of_them",
            "a_name_that_is_wanted_again_and_again_takes_one_try_each",
        ],
    ),
    row(
        54,
        "answers and lists without an end",
        &[
            "answers_without_an_end_hold_up_no_other_server",
            "whatever_speaks_no_http_holds_up_no_server_that_does",
            "an_item_beyond_the_limit_is_refused_before_it_fills_the_memory",
        ],
    ),
    row(
        55,
        "a file without an end",
        &[
            "a_file_without_end_leaves_the_disk_some_room_and_says_why_it_is_not_kept",
            "where_all_places_are_taken_the_one_without_an_end_makes_room",
        ],
    ),
    row(
        56,
        "three files that trickle",
        &[
            "files_that_take_long_stand_aside_for_the_next",
            "a_file_that_hardly_comes_is_given_up_and_one_that_comes_slowly_is_not",
        ],
    ),
    row(
        57,
        "three slow files of each of eight servers",
        &[
            "slow_files_of_eight_servers_hold_up_neither_pages_nor_records_nor_other_files",
            "a_file_that_waits_for_its_sender_holds_no_thread",
        ],
    ),
    row(
        58,
        "frames against the protocol, without an end, and of no sense",
        &[
            "frames_against_the_protocol_end_their_socket_and_nothing_else",
            "malformed_and_huge_frames_end_the_socket_and_nothing_else",
            "frames_of_any_content_are_passed_over",
            "huge_message_fills_no_memory",
        ],
    ),
    row(59, "pings without an end", &["pings_without_end_fill_no_memory"]),
    // Folders.
    row(
        60,
        "names of inputs and outputs that lead out of ComfyUI's folders",
        &[
            "names_that_a_prompt_or_a_node_makes_up_lead_out_of_no_folder",
            "hostile_names_reach_no_folder_but_ours",
            "names_that_lead_out_of_the_folder_are_refused",
            "no_step_leads_up_or_nowhere",
        ],
    ),
    row(
        61,
        "links to other files, devices and folders",
        &[
            "links_out_of_the_shared_folder_are_not_followed",
            "names_that_a_prompt_or_a_node_makes_up_lead_out_of_no_folder",
            "the_watcher_does_not_leave_its_folder_and_survives_what_is_in_it",
        ],
    ),
    row(
        62,
        "a link that is exchanged with a file while it is copied",
        &[
            "a_link_that_is_exchanged_with_a_file_gives_nothing_away",
            "a_link_exchanged_with_a_file_or_a_folder_leads_nowhere",
        ],
    ),
    row(
        63,
        "pipes, sockets and devices under the name of a file",
        &[
            "pipes_sockets_and_links_to_devices_stop_neither_watcher_nor_fetching_nor_the_end",
            "nothing_but_a_file_is_opened_and_no_link_is_followed",
        ],
    ),
    // Media.
    row(
        64,
        "PNG that claims, unpacks or nests too much",
        &[
            "pictures_that_lie_are_given_up_soon",
            "files_that_lie_take_neither_memory_nor_the_pictures_of_others",
            "a_picture_that_claims_to_be_too_large_is_not_decoded",
            "texts_in_a_png_are_passed_over_however_long",
        ],
    ),
    row(
        65,
        "GIF, WebP and BMP with too large a canvas",
        &[
            "pictures_that_lie_are_given_up_soon",
            "files_that_lie_take_neither_memory_nor_the_pictures_of_others",
            "a_picture_that_claims_to_be_too_large_is_not_decoded",
        ],
    ),
    row(
        66,
        "JPEG in thousands of scans, and too large",
        &["pictures_that_lie_are_given_up_soon", "a_jpeg_in_several_passes_is_read_and_costs_more"],
    ),
    row(
        67,
        "JPEG of empty segments",
        &["a_jpeg_of_segments_without_end_is_given_up", "pictures_that_lie_are_given_up_soon"],
    ),
    row(
        68,
        "WAV, FLAC and MP3 that lie",
        &[
            "sounds_that_lie_are_drawn_or_given_up_soon",
            "files_that_lie_take_neither_memory_nor_the_pictures_of_others",
            "spoiled_sounds_break_nothing",
        ],
    ),
    row(
        69,
        "what ffmpeg is given, told, and may open",
        &[
            "a_film_that_is_none_opens_no_other_file_and_no_connection",
            "our_passwords_are_not_told_to_it",
            "a_program_that_says_too_much_or_nothing_gives_no_poster",
        ],
    ),
    row(
        70,
        "playlists that are called films",
        &[
            "only_types_with_a_demuxer_of_their_own_are_read",
            "a_film_that_is_none_opens_no_other_file_and_no_connection",
        ],
    ),
    // What goes out of it.
    row(
        71,
        "names in archives and exports that lead up, hide, or are one on some file systems",
        &[
            "an_archive_holds_every_file_under_a_harmless_name",
            "hostile_names_stay_below_the_folder_and_apart",
            "names_that_windows_keeps_for_itself_become_others",
            "names_are_told_apart_as_file_systems_do",
            "a_hostile_name_becomes_a_plain_one",
        ],
    ),
    row(72, "links where an export writes", &["links_that_somebody_laid_where_an_export_writes_are_not_followed"]),
    row(
        73,
        "what a terminal obeys, in commands and in the log",
        &[
            "what_a_terminal_would_obey_never_reaches_it",
            "json_on_a_terminal_says_the_same_without_what_it_would_obey",
            "hostile_texts_are_shown_without_what_a_terminal_would_obey",
            "text_from_outside_stays_on_its_line_and_gives_no_orders",
            "nothing_that_is_asked_or_recorded_writes_lines_or_orders_into_the_log",
        ],
    ),
    row(
        74,
        "lines of the log that a request writes",
        &[
            "nothing_that_is_asked_or_recorded_writes_lines_or_orders_into_the_log",
            "a_prompt_id_cannot_forge_a_log_line",
        ],
    ),
    // Secrets.
    row(
        75,
        "secrets of the configuration in the log, at every level and in both shapes",
        &[
            "at_every_level_and_in_both_shapes_the_log_tells_no_secret",
            "as_json_every_line_of_the_log_is_an_object_and_no_secret_is_in_it",
            "no_secret_is_shown_by_an_error",
        ],
    ),
    row(
        76,
        "secrets in the printed configuration",
        &["no_secret_is_shown_by_a_configuration", "a_webhook_has_an_address_a_secret_and_a_filter"],
    ),
    row(
        77,
        "what nodes call their secrets",
        &[
            "what_nodes_keep_under_the_name_of_a_secret_is_replaced",
            "a_name_is_known_however_it_is_written",
            "secrets_of_real_nodes_are_kept_nowhere",
        ],
    ),
    row(
        78,
        "secrets within texts, two links away, and in nodes that are switched off",
        &[
            "a_secret_is_told_by_its_looks_wherever_it_stands",
            "a_secret_is_found_in_pairs_of_name_and_value",
            "a_secret_that_comes_through_links_is_found_in_the_node_that_holds_it",
            "a_secret_in_a_node_that_is_switched_off_is_found",
            "secrets_of_real_nodes_are_kept_nowhere",
        ],
    ),
    row(
        79,
        "honest values under names that look like a secret's",
        &[
            "what_nodes_keep_under_names_that_only_look_like_one_stays",
            "words_that_only_look_like_secrets_stay",
            "honest_texts_stay_as_they_are",
        ],
    ),
    row(
        80,
        "honest words and names of files that are a secret elsewhere",
        &[
            "no_output_is_lost_or_renamed_because_its_name_is_a_secret_elsewhere",
            "names_of_files_and_of_classes_are_never_replaced",
        ],
    ),
    row(
        81,
        "a secret of a run anywhere in the data folder or the log",
        &["secrets_are_found_nowhere_from_the_queue_to_the_end", "secrets_are_found_nowhere_after_a_backfill"],
    ),
    row(
        82,
        "modes of all that is kept and backed up",
        &[
            "what_is_kept_and_backed_up_is_for_its_owner_alone",
            "a_new_folder_and_its_database_are_for_their_owner_alone",
            "nobody_else_may_read_it",
        ],
    ),
    row(
        83,
        "copies that share blocks, and their modes",
        &["a_copy_that_shares_blocks_is_as_private_as_it_was_asked_to_be_or_not_there"],
    ),
    // Packaging.
    row(
        84,
        "what a page can make the extension run",
        &[
            "test_with_comfyui_a_daemon_starts_that_records_it_and_outlives_it",
            "test_nothing_starts_while_the_setting_says_so_even_if_it_is_asked_for",
        ],
    ),
    row(85, "starting it from a page of another site", &["test_a_page_of_another_site_starts_nothing"]),
    row(
        86,
        "addresses in the extension's settings that are no page of the web",
        &[
            "test_only_an_http_address_is_asked_and_no_redirect_followed",
            "an address in the settings that is no page of the web is shown and not opened",
        ],
    ),
    row(
        87,
        "telling a daemon to stop by a file: only who may write its data folder can",
        &[
            "a_new_folder_and_its_database_are_for_their_owner_alone",
            "where_none_is_at_work_nothing_is_stopped_or_made_and_one_elsewhere_is_told_of",
        ],
    ),
    row(
        88,
        "quoting, modes and links in units, packages and scripts",
        &[
            "test_shell_scripts_are_sound",
            "test_units_are_hardened",
            "test_units_record_under_all_that_they_forbid",
            "test_the_dockerfile_is_written_as_experts_advise",
            "test_services_are_reached_from_this_machine_only",
            "test_a_script_for_windows_is_powershell",
        ],
    ),
    row(
        89,
        "a webhook that leads elsewhere, or whose answer never ends",
        &["a_webhook_that_leads_elsewhere_or_never_ends_is_not_followed_and_not_read"],
    ),
];

/// The names of all tests below a folder: of Rust, of Python, and of the pages.
fn tests(folder: &Path, found: &mut BTreeSet<String>) {
    for path in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        if path.is_dir() {
            if !["node_modules", "fixtures", "target"].iter().any(|name| path.ends_with(name)) {
                tests(&path, found);
            }
            continue;
        }
        let Some(name) = path.file_name().and_then(|name| name.to_str()) else { continue };
        let text = || fs::read_to_string(&path).unwrap();
        match name {
            _ if name.ends_with(".rs") => found.extend(of_rust(&text())),
            _ if name.ends_with(".test.mjs") => found.extend(after(&text(), "\ntest('", '\'')),
            _ if name.starts_with("test_") && name.ends_with(".py") => {
                found.extend(after(&text(), "def ", '(').filter(|name| name.starts_with("test_")));
            }
            _ => {}
        }
    }
}

/// Functions behind an attribute that makes them tests.
fn of_rust(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut is_test = false;
    for line in text.lines().map(str::trim_start) {
        if line.starts_with("#[") {
            is_test |= line.starts_with("#[test]") || line.starts_with("#[tokio::test");
        } else if let Some(name) = line.trim_start_matches("async ").strip_prefix("fn ") {
            found.extend(is_test.then(|| name.split('(').next().unwrap_or_default().to_owned()));
            is_test = false;
        }
    }
    found
}

fn after(text: &str, before: &str, end: char) -> impl Iterator<Item = String> {
    text.split(before).skip(1).filter_map(move |rest| Some(rest.split_once(end)?.0.to_owned()))
}

#[test]
fn every_attack_of_the_review_is_held_by_tests_that_there_are() {
    let mut found = BTreeSet::new();
    for folder in ["src", "tests"] {
        tests(&Path::new(env!("CARGO_MANIFEST_DIR")).join(folder), &mut found);
    }
    assert!(found.len() > 900, "{} tests", found.len());
    for (row, number) in TABLE.iter().zip(1..) {
        assert_eq!(row.number, number, "{}", row.tried);
        assert_ne!(row.held.is_empty(), row.reason.is_empty(), "{number}: {}", row.tried);
        let gone: Vec<_> = row.held.iter().filter(|name| !found.contains(**name)).collect();
        assert!(gone.is_empty(), "{number}, {}: there is no test {gone:?}", row.tried);
    }
}

#[test]
fn a_test_that_is_gone_is_noticed() {
    let text =
        "#[test]\nfn one() {}\nfn two() {}\n#[tokio::test(start_paused = true)]\n#[ignore]\nasync fn three() {}\n";
    assert_eq!(of_rust(text), ["one", "three"]);
    assert_eq!(after("\ntest('a page', async", "\ntest('", '\'').collect::<Vec<_>>(), ["a page"]);
}
