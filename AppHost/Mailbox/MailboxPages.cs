using System.Globalization;
using System.Text.RegularExpressions;
using static System.Net.WebUtility;

namespace MedCor.Mailbox;

/// <summary>Writes the pages that show mails. Everything in a mail is text on them; only its links can be followed.</summary>
internal static partial class MailboxPages
{
    internal static string ShowList(IReadOnlyList<ReceivedMail> mails, string? to) => Page("Mailbox", $"""
        <h1>Mailbox</h1>
        <p class="note">MedCor's mails are received here in development, and delivered to nobody. The latest 500 are kept until MedCor is stopped.</p>
        {(string.IsNullOrEmpty(to) ? "" : $"""<p>To {HtmlEncode(to)} · <a href="/">all mails</a></p>""")}
        {(mails.Count == 0 ? """<p class="empty">No mail yet.</p>""" : $"""<ul class="mails">{string.Concat(mails.Select(ShowRow))}</ul>""")}
        """);

    internal static string Show(ReceivedMail mail) => Page(mail.Subject, $"""
        <p><a href="/">All mails</a></p>
        <h1>{HtmlEncode(mail.Subject)}</h1>
        <dl>
          <dt>From</dt><dd>{HtmlEncode(mail.From)}</dd>
          <dt>To</dt><dd>{string.Join(", ", mail.To.Select(ShowAddress))}</dd>
          <dt>At</dt><dd>{ShowTime(mail)}</dd>
        </dl>
        <pre>{Url().Replace(HtmlEncode(mail.Text), """<a href="$0" rel="noreferrer">$0</a>""")}</pre>
        """);

    private static string ShowRow(ReceivedMail mail) =>
        $"""
            <li><a href="/mails/{mail.Id}">{HtmlEncode(mail.Subject)}</a><span>{string.Join(", ", mail.To.Select(ShowAddress))} · {ShowTime(mail)}</span></li>
        """;

    private static string ShowAddress(string address) => $"""<a href="/?to={Uri.EscapeDataString(address)}">{HtmlEncode(address)}</a>""";

    private static string ShowTime(ReceivedMail mail) => mail.At.ToString("yyyy-MM-dd HH:mm:ss 'UTC'", CultureInfo.InvariantCulture);

    private static string Page(string title, string body) => $"""
        <!doctype html>
        <html lang="en">
        <head>
          <meta charset="utf-8">
          <meta name="viewport" content="width=device-width, initial-scale=1">
          <title>{HtmlEncode(title)} · MedCor</title>
          <link rel="stylesheet" href="/style.css">
        </head>
        <body>
          <main>
            {body}
          </main>
        </body>
        </html>
        """;

    /// <summary>Matches a web address in encoded text. A quotation mark ends it, so that it cannot leave its attribute.</summary>
    [GeneratedRegex(@"https?://[^\s<>""']+")]
    private static partial Regex Url();
}
