using System.Net.Http.Json;
using System.Text.RegularExpressions;

namespace MedCor.Tests.Fixtures;

/// <summary>Reads the mails that the running system has sent, from the mailbox of its host.</summary>
internal sealed partial class MailboxClient : IDisposable
{
    private readonly HttpClient _http;

    private MailboxClient(Uri mailbox) => _http = new() { BaseAddress = mailbox };

    public static async Task<MailboxClient> Open() => new((await MedCorFixture.Get()).GetAddress("mailbox"));

    /// <summary>Returns the mails to an address, the newest first.</summary>
    public async Task<IReadOnlyList<SentMail>> Read(string to) =>
        (await _http.GetFromJsonAsync<SentMail[]>($"/api/mails?to={Uri.EscapeDataString(to)}"))!;

    /// <summary>Waits for a mail to an address and returns it.</summary>
    public async Task<SentMail> WaitFor(string to, string subject)
    {
        SentMail? found = null;
        await Wait.Until(async () => (found = (await Read(to)).FirstOrDefault(mail => mail.Subject.StartsWith(subject, StringComparison.Ordinal))) is not null,
            $"a mail \"{subject}\"");
        return found!;
    }

    /// <summary>Waits for a mail and returns the token of the link in it.</summary>
    public async Task<string> WaitForToken(string to, string subject) => Token().Match((await WaitFor(to, subject)).Text).Groups[1].Value;

    public void Dispose() => _http.Dispose();

    [GeneratedRegex(@"\?token=([\w-]{43})")]
    private static partial Regex Token();
}

/// <summary>Represents a mail that was received.</summary>
internal sealed record SentMail(Guid Id, DateTimeOffset At, string From, IReadOnlyList<string> To, string Subject, string Text);
