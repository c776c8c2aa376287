using System.Buffers.Binary;
using MedCor.Platform.Database;
using MedCor.Platform.OperatorCommands;
using Microsoft.EntityFrameworkCore;

namespace MedCor.Platform.Audit;

/// <summary>
/// Verifies every hospital's chain from its first link to its anchor and reports what is wrong and where. Heads from the log may be given as arguments and are
/// verified like those in Redis. Changes nothing; the service may run meanwhile.
/// </summary>
internal sealed class VerifyAudit(TenantDb db, AuditChain chain, AuditAnchors anchors, TimeProvider clock) : IOperatorCommand
{
    private const int PageSize = 1_000;

    /// <summary>The number of mismatching links after which a chain is not read further; more findings would add no information.</summary>
    private const int MaxFindings = 100;

    public string Name => "verify-audit";

    public bool TakesArguments => true;

    /// <summary>Gets the writer of findings and progress.</summary>
    internal TextWriter Output { get; init; } = Console.Out;

    public async Task<int> RunAsync(string[] arguments, CancellationToken ct)
    {
        var givenHeads = arguments.Select(a => (Text: a, Head: ChainHead.Parse(a))).ToArray();
        if (givenHeads.FirstOrDefault(g => g.Head is null).Text is { } unreadable)
        {
            await Console.Error.WriteLineAsync($"{unreadable} is not a chain head. The format is hospital:sequence:hash.");
            return 64;
        }

        db.Tenancy.Enter(hospital: null);
        // Two statements read entire tables, which grow without limit.
        db.Database.SetCommandTimeout(TimeSpan.FromHours(2));
        // The anchors are read before the chains, which only grow, so that no chain appears to end before its anchor.
        var heads = (await anchors.AllAsync()).Concat(givenHeads.Select(g => g.Head!)).ToLookup(h => h.HospitalId);
        // The hospitals are taken from the links and not from the local copies: an attacker who can edit a chain can also remove its hospital there.
        var hospitals = await db.ReadChainedHospitalsAsync(ct);
        var findingCount = 0;
        foreach (var hospital in hospitals.Union(heads.Select(h => h.Key)).Order())
            findingCount += await VerifyAsync(hospital, [.. heads[hospital].OrderBy(h => h.Sequence)], ct);
        findingCount += await VerifyUnlinkedAsync(ct);
        Output.WriteLine(findingCount == 0 ? "The audit trail is whole." : $"The audit trail was tampered with: {findingCount} findings.");
        return findingCount == 0 ? 0 : 1;
    }

    /// <summary>Verifies one chain; returns the number of findings.</summary>
    private async Task<int> VerifyAsync(Guid hospital, ChainHead[] heads, CancellationToken ct)
    {
        var (sequence, previousHash, findings, anchored) = (0L, AuditChain.InitialHash, 0, 0);
        // Events whose retention is over are gone from the beginning of a chain, in whole months. Those of two months are linked in turn for a moment.
        var (expiredBefore, dropped, newestDropped) = (clock.GetUtcNow().AddYears(-AuditRetentionOptions.MinYears), 0L, DateTimeOffset.MinValue);
        var isBeginning = true;
        var mismatches = new List<Mismatch>();
        for (var more = true; more;)
        {
            var page = await db.AuditLinks().AsNoTracking().Where(l => l.HospitalId == hospital && l.Sequence > sequence)
                .OrderBy(l => l.Sequence).Take(PageSize).ToListAsync(ct);
            var events = await db.ReadAuditEventsAsync(page.ConvertAll(l => (l.HospitalId, l.EventId)), ct);
            foreach (var link in page)
            {
                var (recorded, follows) = (events.GetValueOrDefault((link.HospitalId, link.EventId)), link.Sequence == sequence + 1);
                if (!follows) Report($"links {sequence + 1} to {link.Sequence - 1} are missing");
                var time = GetTime(link.EventId);
                if (recorded is not null) isBeginning &= time < newestDropped.AddDays(1);
                if (recorded is null && isBeginning && time < expiredBefore)
                    (dropped, newestDropped) = (dropped + 1, time > newestDropped ? time : newestDropped);
                else if (recorded is null) Report($"the event of link {link.Sequence}, {link.EventId}, is missing");
                else if (follows && !Matches(link.Hash, previousHash, link.Sequence, recorded))
                    mismatches.Add(new(link.Sequence, previousHash, link.Hash, recorded));
                for (; anchored < heads.Length && heads[anchored].Sequence <= link.Sequence; anchored++)
                    if (heads[anchored].Sequence == link.Sequence && !heads[anchored].Hash.AsSpan().SequenceEqual(link.Hash))
                        Report($"link {link.Sequence} differs from the anchored link");
                // Whatever is wrong with this link, the next one is verified against the hash that is stored here.
                (sequence, previousHash) = (link.Sequence, link.Hash);
                if (mismatches.Count >= MaxFindings) break;
            }
            more = page.Count == PageSize && mismatches.Count < MaxFindings;
            if (more) Output.WriteLine($"{hospital}: {sequence} links so far");
        }

        foreach (var mismatch in mismatches) Report(Explain(mismatch, mismatches));
        if (mismatches.Count >= MaxFindings)
            Output.WriteLine(
                $"{hospital}: verification stopped. If every link differs, check that AuditSecret is the secret that the chain was created with.");
        else if (anchored < heads.Length) Report($"the chain ends with link {sequence}, and was anchored at {heads[^1].Sequence}: its end was removed");
        if (dropped > 0) Output.WriteLine($"{hospital}: the events of {dropped} links at the beginning are no longer kept");
        var unanchored = heads.Length == 0 && sequence > 0 ? "; there is no anchor, so a removed end would not be detected" : "";
        Output.WriteLine($"{hospital}: {sequence} links, {(findings == 0 ? "whole" : $"{findings} findings")}{unanchored}");
        return findings;

        void Report(string finding)
        {
            findings++;
            Output.WriteLine($"{hospital}: {finding}");
        }
    }

    /// <summary>Describes a mismatch: an event that fits the position of another mismatch was moved; an event that fits none was edited.</summary>
    private string Explain(Mismatch mismatch, List<Mismatch> all)
    {
        var match = all.FirstOrDefault(other =>
            other != mismatch && (Matches(other.Hash, other.PreviousHash, other.Sequence, mismatch.Event)
                || Matches(mismatch.Hash, other.PreviousHash, other.Sequence, mismatch.Event)));
        return match is null
            ? $"the event at link {mismatch.Sequence}, {mismatch.Event.Id}, or its link was edited"
            : $"the event at link {mismatch.Sequence}, {mismatch.Event.Id}, belongs at link {match.Sequence}: they were swapped";
    }

    /// <summary>Returns the time with which an ID of version 7 begins.</summary>
    private static DateTimeOffset GetTime(Guid id)
    {
        Span<byte> bytes = stackalloc byte[16];
        id.TryWriteBytes(bytes, bigEndian: true, out _);
        var milliseconds = BinaryPrimitives.ReadInt64BigEndian(bytes) >>> 16;
        return DateTimeOffset.FromUnixTimeMilliseconds(Math.Min(milliseconds, DateTimeOffset.MaxValue.ToUnixTimeMilliseconds()));
    }

    private bool Matches(byte[] hash, byte[] previousHash, long sequence, AuditEvent audit) =>
        chain.ComputeHash(previousHash, sequence, audit).AsSpan().SequenceEqual(hash);

    /// <summary>
    /// Reports the events that are in no chain: recorded a moment ago, or inserted, withheld or removed by hand. Returns the number of findings.
    /// </summary>
    private async Task<int> VerifyUnlinkedAsync(CancellationToken ct)
    {
        var unlinked = await db.Database.SqlQuery<Unlinked>($"""
            SELECT count(*) FILTER (WHERE w.event_id IS NOT NULL) AS "Waiting", count(*) FILTER (WHERE w.event_id IS NULL) AS "Strays",
                (SELECT count(*) FROM audit_waiting w
                    WHERE NOT EXISTS (SELECT FROM audit_events e WHERE e.hospital_id = w.hospital_id AND e.id = w.event_id)) AS "Gone"
            FROM audit_events e
            LEFT JOIN audit_links l ON l.hospital_id = e.hospital_id AND l.event_id = e.id
            LEFT JOIN audit_waiting w ON w.hospital_id = e.hospital_id AND w.event_id = e.id
            WHERE l.event_id IS NULL
            """).SingleAsync(ct);
        Output.WriteLine($"{unlinked.Waiting} events are not linked yet.");
        if (unlinked.Strays > 0)
            Output.WriteLine($"{unlinked.Strays} events are neither linked nor waiting for a link: they were inserted or withheld manually.");
        if (unlinked.Gone > 0) Output.WriteLine($"{unlinked.Gone} events that wait for a link are missing.");
        return (unlinked.Strays > 0 ? 1 : 0) + (unlinked.Gone > 0 ? 1 : 0);
    }

    private sealed record Unlinked(long Waiting, long Strays, long Gone);

    private sealed record Mismatch(long Sequence, byte[] PreviousHash, byte[] Hash, AuditEvent Event);
}
