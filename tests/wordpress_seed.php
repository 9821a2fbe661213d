<?php
// Installs WordPress into the database that wp-config.php names, and writes its articles and comments.
// Then it answers orders from stdin, one JSON object a line: {"edit": ID, "text": ...}, {"delete": ID}.
define('WP_INSTALLING', true);
$_SERVER['HTTP_HOST'] = parse_url($argv[2], PHP_URL_HOST) . ':' . parse_url($argv[2], PHP_URL_PORT);
require $argv[1] . '/wp-load.php';
require_once ABSPATH . 'wp-admin/includes/upgrade.php';
wp_install('Kistenblog', 'redaktion', 'redaktion@kiste.example', true, '', 'nur-zum-testen');
switch_theme('twentytwentyone');
foreach (array('page_comments' => 1, 'comments_per_page' => 10, 'default_comments_page' => $argv[4], 'posts_per_page' => 4,
        'timezone_string' => 'Europe/Berlin', 'thread_comments' => 1, 'comment_order' => 'asc') as $name => $value) {
    update_option($name, $value);
}
foreach (get_posts(array('numberposts' => -1, 'post_type' => array('post', 'page'))) as $post) {
    wp_delete_post($post->ID, true);
}
foreach (get_comments() as $comment) {
    wp_delete_comment($comment->comment_ID, true);
}
$seeded = array();
foreach (json_decode(file_get_contents($argv[3]), true) as $place => $article) {
    $id = wp_insert_post(array('post_title' => $article['title'], 'post_content' => 'Ein Artikel ohne Belang.',
        'post_status' => 'publish', 'comment_status' => 'open', 'post_author' => 1,
        'post_date' => sprintf('2026-02-%02d 08:00:00', $place + 1)));
    foreach ($article['comments'] as $comment) {
        $number = wp_insert_comment(array('comment_post_ID' => $id, 'comment_author' => $comment['author'],
            'comment_author_email' => $comment['mail'], 'comment_content' => $comment['text'],
            'comment_date' => $comment['at'], 'comment_date_gmt' => get_gmt_from_date($comment['at']),
            'comment_approved' => $comment['approved']));
        $seeded[] = array('id' => (string) $number, 'text' => $comment['text'], 'at' => $comment['at'],
            'approved' => $comment['approved']);
    }
}
echo json_encode($seeded), "\n";
while (($line = fgets(STDIN)) !== false) {
    $order = json_decode($line, true);
    if (isset($order['delete'])) {
        wp_delete_comment($order['delete'], true);
    } else {
        wp_update_comment(array('comment_ID' => $order['edit'], 'comment_content' => $order['text']));
    }
    echo "\"ok\"\n";
}
