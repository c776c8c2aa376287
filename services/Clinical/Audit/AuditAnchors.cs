using System.Globalization;
using Microsoft.EntityFrameworkCore;
using StackExchange.Redis;

namespace MedCor.Clinical.Audit;

/// <summary>
/// How far each chain had come, kept where the database's owner cannot reach: in Redis, and as lines of the log. A chain that no longer reaches its anchor, or has another
/// link there, was tampered with.
/// </summary>
internal sealed class AuditAnchors(IConnectionMultiplexer redis, TimeProvider clock, ILogger<AuditAnchors> log)
{
    private const string Key = "medcor:audit:heads";
    private static readonly TimeSpan LogInterval = TimeSpan.FromMinutes(1);
    private readonly Dictionary<Guid, DateTimeOffset> _lastLogged = [];

    /// <summary>Moves a chain's anchor to its head. An anchor that the chain does not hold is evidence: it stays, and an error is logged.</summary>
    internal async Task AdvanceAsync(ChainHead head, ClinicalDb db, CancellationToken ct)
    {
        var (heads, field) = (redis.GetDatabase(), head.HospitalId.ToString());
        var known = await heads.HashGetAsync(Key, field);
        if (known.HasValue && ChainHead.Parse(known!) is { } anchor)
        {
            var isThere = await db.AuditLinks.AnyAsync(l => l.HospitalId == anchor.HospitalId && l.Sequence == anchor.Sequence && l.Hash == anchor.Hash, ct);
            if (!isThere)
            {
                log.LogError("The audit trail of {Hospital} has lost the link {Sequence}: it was tampered with. Run verify-audit", anchor.HospitalId, anchor.Sequence);
                return;
            }
            if (anchor.Sequence >= head.Sequence) return;
        }

        // Another replica may have moved it meanwhile; never backwards.
        var move = heads.CreateTransaction();
        move.AddCondition(known.HasValue ? Condition.HashEqual(Key, field, known) : Condition.HashNotExists(Key, field));
        _ = move.HashSetAsync(Key, field, head.ToString());
        await move.ExecuteAsync();

        var now = clock.GetUtcNow();
        if (_lastLogged.TryGetValue(head.HospitalId, out var last) && now - last < LogInterval) return;
        _lastLogged[head.HospitalId] = now;
        log.LogInformation("Audit trail: head {Head}", head);
    }

    /// <summary>The anchors of all hospitals that have one.</summary>
    internal async Task<List<ChainHead>> AllAsync() => [.. (await redis.GetDatabase().HashGetAllAsync(Key)).Select(entry => ChainHead.Parse(entry.Value!)).OfType<ChainHead>()];
}

/// <summary>Where a chain ends, or ended; written as <c>hospital:sequence:hash</c>.</summary>
internal sealed record ChainHead(Guid HospitalId, long Sequence, byte[] Hash)
{
    internal static ChainHead From(AuditLink link) => new(link.HospitalId, link.Sequence, link.Hash);

    /// <summary>None when it is no head.</summary>
    internal static ChainHead? Parse(string text) =>
        text.Split(':') is [var hospital, var sequence, { Length: 64 } hash] && Guid.TryParse(hospital, out var id) && hash.All(char.IsAsciiHexDigit)
        && long.TryParse(sequence, NumberStyles.None, CultureInfo.InvariantCulture, out var n)
            ? new(id, n, Convert.FromHexString(hash))
            : null;

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{HospitalId}:{Sequence}:{Convert.ToHexStringLower(Hash)}");
}
