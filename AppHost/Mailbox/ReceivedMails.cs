using System.Buffers;
using MimeKit;
using SmtpServer;
using SmtpServer.Protocol;
using SmtpServer.Storage;

namespace MedCor.Mailbox;

/// <summary>Represents a mail that was received.</summary>
internal sealed record ReceivedMail(Guid Id, DateTimeOffset At, string From, IReadOnlyList<string> To, string Subject, string Text);

/// <summary>Keeps the latest 500 mails in memory, each of at most 256 KiB.</summary>
internal sealed class ReceivedMails(TimeProvider clock) : MessageStore
{
    internal const int MaxMessageSize = 256 * 1024;
    private const int MaxKept = 500;

    private readonly Lock _lock = new();
    private readonly LinkedList<ReceivedMail> _mails = [];

    /// <inheritdoc/>
    public override async Task<SmtpResponse> SaveAsync(
        ISessionContext context, IMessageTransaction transaction, ReadOnlySequence<byte> buffer, CancellationToken cancellationToken)
    {
        using var stream = new MemoryStream(buffer.ToArray());
        using var message = await MimeMessage.LoadAsync(stream, cancellationToken);
        var mail = new ReceivedMail(Guid.CreateVersion7(), clock.GetUtcNow(), message.From.ToString(),
            [.. message.To.Mailboxes.Select(mailbox => mailbox.Address)], message.Subject ?? "", message.TextBody ?? "");
        lock (_lock)
        {
            _mails.AddFirst(mail);
            if (_mails.Count > MaxKept) _mails.RemoveLast();
        }
        return SmtpResponse.Ok;
    }

    /// <summary>Returns the mails to an address, or all of them, the newest first.</summary>
    internal IReadOnlyList<ReceivedMail> Find(string? to)
    {
        lock (_lock) return [.. _mails.Where(mail => string.IsNullOrEmpty(to) || mail.To.Contains(to, StringComparer.OrdinalIgnoreCase))];
    }

    /// <summary>Returns a mail; null when there is none, or no longer.</summary>
    internal ReceivedMail? Find(Guid id)
    {
        lock (_lock) return _mails.FirstOrDefault(mail => mail.Id == id);
    }
}
