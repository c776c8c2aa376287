using System.Buffers.Binary;
using MedCor.Platform.Database;
using MedCor.Platform.OperatorCommands;
using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace MedCor.Platform.Audit;

/// <summary>
/// Verifies every hospital's chain from its first link to its anchor, and the schema that records the accesses, and reports what is wrong and where. Heads from
/// the log may be given as arguments and are verified like those in Redis and in the archive. Changes nothing; the service may run meanwhile.
/// </summary>
/// <remarks>
/// The exit code is 0 when the trail is whole, 1 when something was found, and 2 when nothing was found but the schema could not be compared.
/// </remarks>
internal sealed class VerifyAudit(
    TenantDb db, AuditChain chain, AuditAnchors anchors, AuditHeadArchive archive, SchemaComparison schema, NpgsqlDataSource database, TimeProvider clock)
    : IOperatorCommand
{
    private const int PageSize = 1_000;

    /// <summary>The number of mismatching links after which a chain is not read further; more findings would add no information.</summary>
    private const int MaxFindings = 100;

    /// <summary>The time in which all replicas receive a new secret. Until then, some go on with the former one.</summary>
    private static readonly TimeSpan RotationTime = TimeSpan.FromDays(1);

    /// <summary>The time of the earliest event of any chain that was linked with the key of an age.</summary>
    private readonly Dictionary<int, DateTimeOffset> _earliest = [];

    /// <summary>The latest event of each chain that was linked with the key of an age.</summary>
    private readonly Dictionary<(Guid HospitalId, int KeyAge), (long Sequence, DateTimeOffset Time)> _latest = [];

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
        var archived = await archive.ReadAsync(ct);
        var heads = (await anchors.AllAsync()).Concat(archived.Heads.Select(ChainHead.Parse).OfType<ChainHead>()).Concat(givenHeads.Select(g => g.Head!))
            .ToLookup(h => h.HospitalId);
        if (archive.IsConfigured) Output.WriteLine($"The archive has {archived.Heads.Count} heads to compare with.");
        foreach (var key in archived.ForeignKeys.Take(MaxFindings)) Output.WriteLine($"archive: {key} is not one of MedCor's objects");
        // The hospitals are taken from the links and not from the local copies: an attacker who can edit a chain can also remove its hospital there.
        var hospitals = await db.ReadChainedHospitalsAsync(ct);
        var findingCount = archived.ForeignKeys.Count;
        foreach (var hospital in hospitals.Union(heads.Select(h => h.Key)).Order())
            findingCount += await VerifyAsync(hospital, [.. heads[hospital].OrderBy(h => h.Sequence)], ct);
        findingCount += VerifyKeyTimes();
        findingCount += await VerifyUnlinkedAsync(ct);
        var differences = await schema.CompareAsync(database, ct);
        foreach (var difference in differences.Findings.Take(MaxFindings)) Output.WriteLine($"schema: {difference}");
        findingCount += differences.Findings.Count;
        if (findingCount > 0)
        {
            Output.WriteLine($"The audit trail was tampered with: {findingCount} findings.");
            return 1;
        }
        if (differences.WhyNotCompared is { } reason)
        {
            Output.WriteLine($"The audit trail has no finding, but its schema was not compared: {reason}.");
            return 2;
        }
        Output.WriteLine("The audit trail is whole.");
        return 0;
    }

    /// <summary>Verifies one chain; returns the number of findings.</summary>
    private async Task<int> VerifyAsync(Guid hospital, ChainHead[] heads, CancellationToken ct)
    {
        var (sequence, previousHash, findings, anchored, keyAge) = (0L, AuditChain.InitialHash, 0, 0, int.MaxValue);
        // Events whose retention is over are gone from the beginning of a chain, in whole months. Those of two months are linked in turn for a moment.
        var (expiredBefore, dropped, newestDropped) = (clock.GetUtcNow().AddYears(-AuditRetentionOptions.MinYears), 0L, DateTimeOffset.MinValue);
        var isBeginning = true;
        var mismatches = new List<Mismatch>();
        var unknownKeys = new HashSet<string>();
        for (var more = true; more;)
        {
            var page = await db.AuditLinks().AsNoTracking().Where(l => l.HospitalId == hospital && l.Sequence > sequence)
                .OrderBy(l => l.Sequence).Take(PageSize).ToListAsync(ct);
            var events = await db.ReadAuditEventsAsync(page.ConvertAll(l => (l.HospitalId, l.EventId)), ct);
            foreach (var link in page)
            {
                var (recorded, follows) = (events.GetValueOrDefault((link.HospitalId, link.EventId)), link.Sequence == sequence + 1);
                if (!follows) Report($"links {sequence + 1} to {link.Sequence - 1} are missing");
                var isKnown = chain.Knows(link.KeyId);
                if (!isKnown && unknownKeys.Add(link.KeyId!))
                    Report($"link {link.Sequence} and others were made with the key {link.KeyId}, which is not among the configured secrets");
                var time = GetTime(link.EventId);
                if (recorded is not null) isBeginning &= time < newestDropped.AddDays(1);
                // The id, and so the time, could be anything if the link did not prove it.
                if (recorded is null && isBeginning && time < expiredBefore && chain.ProvesEventId(link))
                    (dropped, newestDropped) = (dropped + 1, time > newestDropped ? time : newestDropped);
                else if (recorded is null) Report($"the event of link {link.Sequence}, {link.EventId}, is missing");
                else if (follows && isKnown)
                {
                    var age = chain.FindKeyAge(link.Hash, link.KeyId, previousHash, link.Sequence, recorded);
                    if (age is null) mismatches.Add(new(link, previousHash, recorded));
                    else if (age > keyAge) Report($"link {link.Sequence} was made with an older key than the links before it");
                    keyAge = Math.Min(keyAge, age ?? keyAge);
                    // Copies of other services' events may be linked long after their time.
                    if (age is { } known && recorded.Service is null) NoteKeyTime(link, known, time);
                }
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
                $"{hospital}: verification stopped. If every link differs, check that the secrets with which the chain was created are configured.");
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

    private void NoteKeyTime(AuditLink link, int age, DateTimeOffset time)
    {
        if (!_earliest.TryGetValue(age, out var earliest) || time < earliest) _earliest[age] = time;
        if (!_latest.TryGetValue((link.HospitalId, age), out var latest) || time >= latest.Time) _latest[(link.HospitalId, age)] = (link.Sequence, time);
    }

    /// <summary>Reports the chains that go on with a former key after the service had a newer one. Returns the number of findings.</summary>
    private int VerifyKeyTimes()
    {
        var findings = 0;
        foreach (var ((hospital, age), (sequence, time)) in _latest)
        {
            if (!_earliest.Any(newer => newer.Key < age && time > newer.Value + RotationTime)) continue;
            findings++;
            Output.WriteLine($"{hospital}: link {sequence} was made with a former secret, more than a day after another one had replaced it");
        }
        return findings;
    }

    /// <summary>Describes a mismatch: an event that fits the position of another mismatch was moved; an event that fits none was edited.</summary>
    private string Explain(Mismatch mismatch, List<Mismatch> all)
    {
        var match = all.FirstOrDefault(other =>
            other != mismatch && (Matches(other.Link, other, mismatch.Event) || Matches(mismatch.Link, other, mismatch.Event)));
        return match is null
            ? $"the event at link {mismatch.Link.Sequence}, {mismatch.Event.Id}, or its link was edited"
            : $"the event at link {mismatch.Link.Sequence}, {mismatch.Event.Id}, belongs at link {match.Link.Sequence}: they were swapped";
    }

    /// <summary>Returns the time with which an ID of version 7 begins.</summary>
    private static DateTimeOffset GetTime(Guid id)
    {
        Span<byte> bytes = stackalloc byte[16];
        id.TryWriteBytes(bytes, bigEndian: true, out _);
        var milliseconds = BinaryPrimitives.ReadInt64BigEndian(bytes) >>> 16;
        return DateTimeOffset.FromUnixTimeMilliseconds(Math.Min(milliseconds, DateTimeOffset.MaxValue.ToUnixTimeMilliseconds()));
    }

    /// <summary>Returns whether a link's hash is that of an event at a place.</summary>
    private bool Matches(AuditLink link, Mismatch place, AuditEvent audit) =>
        chain.FindKeyAge(link.Hash, link.KeyId, place.PreviousHash, place.Link.Sequence, audit) is not null;

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

    private sealed record Mismatch(AuditLink Link, byte[] PreviousHash, AuditEvent Event);
}
