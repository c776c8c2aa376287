using MailKit.Net.Smtp;
using MailKit.Security;
using Microsoft.Extensions.Options;
using MimeKit;

namespace MedCor.Identity.Mails;

/// <summary>Sends mails through the configured mail server.</summary>
internal sealed class SmtpConnection(IOptions<MailOptions> options)
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(20);

    internal async Task SendAsync(MimeMessage message, CancellationToken ct)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(ct);
        limit.CancelAfter(Timeout);
        var url = new Uri(options.Value.Url!);
        using var client = new SmtpClient();
        await client.ConnectAsync(url.Host, Math.Max(0, url.Port), SecurityFor(url), limit.Token);
        if (url.UserInfo.Split(':', 2) is [{ Length: > 0 } user, .. var password])
            await client.AuthenticateAsync(Uri.UnescapeDataString(user), Uri.UnescapeDataString(password.FirstOrDefault() ?? ""), limit.Token);
        await client.SendAsync(message, limit.Token);
        await client.DisconnectAsync(quit: true, limit.Token);
    }

    /// <summary>Returns how the connection is encrypted. Links open accounts, so they cross a network only with TLS.</summary>
    private static SecureSocketOptions SecurityFor(Uri url) =>
        url.Scheme == "smtps" ? SecureSocketOptions.SslOnConnect : url.IsLoopback ? SecureSocketOptions.None : SecureSocketOptions.StartTls;
}
