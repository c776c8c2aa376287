using MedCor.Platform.OperatorCommands;
using Microsoft.EntityFrameworkCore;

namespace MedCor.Clinical.Audit;

/// <summary>
/// Verifies every hospital's chain from its first link to its anchor and reports what is wrong and where. Heads from the log may be given as arguments and are
/// verified like those in Redis. Changes nothing; the service may run meanwhile.
/// </summary>
internal sealed class VerifyAudit(ClinicalDb db, AuditChain chain, AuditAnchors anchors) : IOperatorCommand
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
        var given = arguments.Select(a => (Text: a, Head: ChainHead.Parse(a))).ToArray();
        if (given.FirstOrDefault(g => g.Head is null).Text is { } unreadable)
        {
            await Console.Error.WriteLineAsync($"{unreadable} is no head as the log has them: hospital:sequence:hash.");
            return 64;
        }

        db.Tenancy.Enter(hospital: null);
        // Two statements read entire tables, which grow without limit.
        db.Database.SetCommandTimeout(TimeSpan.FromHours(2));
        // The anchors are read before the chains, which only grow, so that no chain appears to end before its anchor.
        var heads = (await anchors.AllAsync()).Concat(given.Select(g => g.Head!)).ToLookup(h => h.HospitalId);
        // The hospitals are taken from the links and not from the local copies: an attacker who can edit a chain can also remove its hospital there.
        var hospitals = await db.AuditLinks.Select(l => l.HospitalId).Distinct().ToListAsync(ct);
        var wrong = 0;
        foreach (var hospital in hospitals.Union(heads.Select(h => h.Key)).Order()) wrong += await VerifyAsync(hospital, [.. heads[hospital].OrderBy(h => h.Sequence)], ct);
        wrong += await VerifyUnlinkedAsync(ct);
        Output.WriteLine(wrong == 0 ? "The audit trail is whole." : $"The audit trail was tampered with: {wrong} findings.");
        return wrong == 0 ? 0 : 1;
    }

    /// <summary>Verifies one chain; returns the number of findings.</summary>
    private async Task<int> VerifyAsync(Guid hospital, ChainHead[] heads, CancellationToken ct)
    {
        var (sequence, before, findings, anchored) = (0L, AuditChain.InitialHash, 0, 0);
        var misfits = new List<Mismatch>();
        for (var more = true; more;)
        {
            var page = await db.AuditLinks.AsNoTracking().Where(l => l.HospitalId == hospital && l.Sequence > sequence).OrderBy(l => l.Sequence).Take(PageSize)
                .LeftJoin(db.AuditEvents, l => new { l.HospitalId, Id = l.EventId }, e => new { e.HospitalId, e.Id }, (l, e) => new { Link = l, Event = e })
                .OrderBy(r => r.Link.Sequence).ToListAsync(ct);
            foreach (var row in page)
            {
                var (link, follows) = (row.Link, row.Link.Sequence == sequence + 1);
                if (!follows) Find($"links {sequence + 1} to {link.Sequence - 1} are missing");
                if (row.Event is null) Find($"the event of link {link.Sequence}, {link.EventId}, is missing");
                else if (follows && !Matches(link.Hash, before, link.Sequence, row.Event)) misfits.Add(new(link.Sequence, before, link.Hash, row.Event));
                for (; anchored < heads.Length && heads[anchored].Sequence <= link.Sequence; anchored++)
                    if (heads[anchored].Sequence == link.Sequence && !heads[anchored].Hash.AsSpan().SequenceEqual(link.Hash))
                        Find($"link {link.Sequence} is another than the one that was anchored");
                // Whatever is wrong with this link, the next one is verified against the hash that is stored here.
                (sequence, before) = (link.Sequence, link.Hash);
                if (misfits.Count >= MaxFindings) break;
            }
            more = page.Count == PageSize && misfits.Count < MaxFindings;
            if (more) Output.WriteLine($"{hospital}: {sequence} links so far");
        }

        foreach (var misfit in misfits) Find(Explain(misfit, misfits));
        if (misfits.Count >= MaxFindings) Output.WriteLine($"{hospital}: not read on. If every link differs, is Clinical__AuditSecret the one that the chain was made with?");
        else if (anchored < heads.Length) Find($"the chain ends with link {sequence}, and was anchored at {heads[^1].Sequence}: its tail was cut off");
        var unanchored = heads.Length == 0 && sequence > 0 ? "; no anchor, so a cut-off tail would not be noticed" : "";
        Output.WriteLine($"{hospital}: {sequence} links, {(findings == 0 ? "whole" : $"{findings} findings")}{unanchored}");
        return findings;

        void Find(string what)
        {
            findings++;
            Output.WriteLine($"{hospital}: {what}");
        }
    }

    /// <summary>Describes a mismatch: an event that fits the position of another mismatch was moved; an event that fits none was edited.</summary>
    private string Explain(Mismatch mismatch, List<Mismatch> all)
    {
        var place = all.FirstOrDefault(other =>
            other != mismatch && (Matches(other.Hash, other.PreviousHash, other.Sequence, mismatch.Event) || Matches(mismatch.Hash, other.PreviousHash, other.Sequence, mismatch.Event)));
        return place is null
            ? $"the event at link {mismatch.Sequence}, {mismatch.Event.Id}, or its link was edited"
            : $"the event at link {mismatch.Sequence}, {mismatch.Event.Id}, belongs at link {place.Sequence}: they were swapped";
    }

    private bool Matches(byte[] hash, byte[] before, long sequence, AuditEvent audit) => chain.ComputeHash(before, sequence, audit).AsSpan().SequenceEqual(hash);

    /// <summary>
    /// Reports the events that are in no chain: recorded a moment ago, or inserted, withheld or removed by hand. Returns the number of findings.
    /// </summary>
    private async Task<int> VerifyUnlinkedAsync(CancellationToken ct)
    {
        var unlinked = await db.Database.SqlQuery<Unlinked>($"""
            SELECT count(*) FILTER (WHERE w.event_id IS NOT NULL) AS "Waiting", count(*) FILTER (WHERE w.event_id IS NULL) AS "Strays",
                (SELECT count(*) FROM audit_waiting w WHERE NOT EXISTS (SELECT FROM audit_events e WHERE e.hospital_id = w.hospital_id AND e.id = w.event_id)) AS "Gone"
            FROM audit_events e
            LEFT JOIN audit_links l ON l.hospital_id = e.hospital_id AND l.event_id = e.id
            LEFT JOIN audit_waiting w ON w.hospital_id = e.hospital_id AND w.event_id = e.id
            WHERE l.event_id IS NULL
            """).SingleAsync(ct);
        Output.WriteLine($"{unlinked.Waiting} events are not linked yet.");
        if (unlinked.Strays > 0) Output.WriteLine($"{unlinked.Strays} events are in no chain and wait for none: they were put in, or kept out, by hand.");
        if (unlinked.Gone > 0) Output.WriteLine($"{unlinked.Gone} events are missing that wait for their link.");
        return (unlinked.Strays > 0 ? 1 : 0) + (unlinked.Gone > 0 ? 1 : 0);
    }

    private sealed record Unlinked(long Waiting, long Strays, long Gone);

    private sealed record Mismatch(long Sequence, byte[] PreviousHash, byte[] Hash, AuditEvent Event);
}
