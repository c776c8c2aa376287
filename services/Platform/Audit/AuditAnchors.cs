using System.Globalization;
using MedCor.Platform.Database;
using MedCor.Platform.Messaging;
using MedCor.ServiceDefaults;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using StackExchange.Redis;

namespace MedCor.Platform.Audit;

/// <summary>
/// Stores the heads that the chains have reached where the database's owner has no access: in Redis, and as lines of the log. A chain that no longer reaches
/// its anchor, or has another link there, was tampered with.
/// </summary>
internal sealed partial class AuditAnchors(
    [FromKeyedServices(RedisConnections.Control)] IConnectionMultiplexer redis, ServiceInfo service, AuditHeadLog headLog, TimeProvider clock,
    ILogger<AuditAnchors> log)
{
    /// <summary>The key of Clinical's heads, which are the oldest. The name of any other service follows it.</summary>
    private const string Key = "medcor:audit:heads";

    private static readonly TimeSpan LogInterval = TimeSpan.FromMinutes(1);
    private readonly Dictionary<Guid, DateTimeOffset> _lastLogged = [];

    private string HeadsKey => service.Name == "clinical" ? Key : $"{Key}:{service.Name}";

    /// <summary>Moves a chain's anchor to its head. When the chain does not contain the anchor, logs an error and keeps the anchor as evidence.</summary>
    internal async Task AdvanceAsync(ChainHead head, TenantDb db, CancellationToken ct)
    {
        var (heads, field) = (redis.GetDatabase(), head.HospitalId.ToString());
        var stored = await heads.HashGetAsync(HeadsKey, field);
        if (stored.HasValue && ChainHead.Parse(stored!) is { } anchor)
        {
            var isInChain = await db.AuditLinks()
                .AnyAsync(l => l.HospitalId == anchor.HospitalId && l.Sequence == anchor.Sequence && l.Hash == anchor.Hash, ct);
            if (!isInChain)
            {
                LogTampered(log, anchor.HospitalId, anchor.Sequence);
                return;
            }
            if (anchor.Sequence >= head.Sequence) return;
        }

        // Another replica may have moved the anchor meanwhile; the condition prevents moving it backward.
        var transaction = heads.CreateTransaction();
        transaction.AddCondition(stored.HasValue ? Condition.HashEqual(HeadsKey, field, stored) : Condition.HashNotExists(HeadsKey, field));
        _ = transaction.HashSetAsync(HeadsKey, field, head.ToString());
        await transaction.ExecuteAsync();

        var now = clock.GetUtcNow();
        if (_lastLogged.TryGetValue(head.HospitalId, out var last) && now - last < LogInterval) return;
        _lastLogged[head.HospitalId] = now;
        headLog.Write(head.ToString());
    }

    /// <summary>Returns the anchors of all hospitals that have one.</summary>
    internal async Task<List<ChainHead>> AllAsync() =>
        [.. (await redis.GetDatabase().HashGetAllAsync(HeadsKey)).Select(entry => ChainHead.Parse(entry.Value!)).OfType<ChainHead>()];

    [LoggerMessage(2000, LogLevel.Error, "The audit trail of {Hospital} has lost link {Sequence}: it was tampered with. Run verify-audit")]
    private static partial void LogTampered(ILogger log, Guid hospital, long sequence);
}

/// <summary>Represents the last link of a chain, now or at an earlier time; written as <c>hospital:sequence:hash</c>.</summary>
internal sealed record ChainHead(Guid HospitalId, long Sequence, byte[] Hash)
{
    internal static ChainHead From(AuditLink link) => new(link.HospitalId, link.Sequence, link.Hash);

    /// <summary>Parses a head; returns null when the text is not one.</summary>
    internal static ChainHead? Parse(string text) =>
        text.Split(':') is [var hospital, var sequence, { Length: 64 } hash] && Guid.TryParse(hospital, out var id) && hash.All(char.IsAsciiHexDigit)
        && long.TryParse(sequence, NumberStyles.None, CultureInfo.InvariantCulture, out var n)
            ? new(id, n, Convert.FromHexString(hash))
            : null;

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{HospitalId}:{Sequence}:{Convert.ToHexStringLower(Hash)}");
}
