using System.Buffers;
using System.Globalization;
using System.Text.Json;
using MedCor.Contracts;
using MedCor.Contracts.Clinical;
using MedCor.Platform.Audit;
using MedCor.Platform.LocalCopies;
using MedCor.ServiceDefaults.Authentication;
using MedCor.Validation;
using Microsoft.EntityFrameworkCore;

namespace MedCor.Clinical.Audit;

/// <summary>
/// Exports a hospital's events for another system, in the order of the chain: unlike the order of their times, it has no gaps into which an event can fall that
/// commits late.
/// </summary>
internal sealed class ExportAuditEvents(ClinicalDb db, IAuditTrail trail, IHospitalDirectory hospitals)
{
    private const int PageSize = 500;

    private static readonly byte[] NewLine = "\n"u8.ToArray();
    private static readonly string[] Parameters = ["after", "limit", "hospital_id"];
    private static readonly Scope Scope = ToolCatalogue.ByParameterType[typeof(ListAuditEvents)].Scope;

    internal static void Map(WebApplication app) => app.MapMethods("/audit/export", [HttpMethods.Get, HttpMethods.Head],
        async (HttpContext http, TokenValidator tokens, ExportAuditEvents export) => await export.RunAsync(http, await tokens.AuthenticateAsync(http)));

    /// <summary>Records the export and then streams it.</summary>
    private async Task RunAsync(HttpContext http, Caller caller)
    {
        var ct = http.RequestAborted;
        db.Tenancy.Enter(caller);
        var hospital = caller.HospitalId ?? Guid.Empty;
        (long After, int Limit) range;
        try
        {
            if (!caller.IsOneOf(Callers.Admins)) throw new Forbidden("Your role does not include the export of audit events.");
            caller.RequireScope(Scope);
            (hospital, range) = await ReadQueryAsync(http.Request.Query, caller, ct);
            await RecordAsync(caller, AuditOutcome.Done, hospital, ct);
        }
        catch (ApiException refusal) when (AuditDescriptor.GetOutcome(refusal) is { } outcome)
        {
            await RecordAsync(caller, outcome, hospital, CancellationToken.None);
            throw;
        }

        http.Response.ContentType = "application/x-ndjson";
        if (HttpMethods.IsHead(http.Request.Method)) return;
        var (after, remaining) = range;
        var buffer = new ArrayBufferWriter<byte>();
        while (remaining > 0 && await ReadLinksAsync(hospital, after, Math.Min(PageSize, remaining), ct) is { Count: > 0 } links)
        {
            var events = await ReadEventsAsync(hospital, links.ConvertAll(l => l.EventId), ct);
            foreach (var link in links)
            {
                // What the database has lost is missing here too; verify-audit reports it.
                if (events.GetValueOrDefault(link.EventId) is not { } row) continue;
                var line = new ExportedAuditEvent(link.Sequence, Convert.ToHexStringLower(link.Hash), row.ToContract(caller.Kind));
                buffer.Write(JsonSerializer.SerializeToUtf8Bytes(line, Json.Options));
                buffer.Write(NewLine);
            }
            (after, remaining) = (links[^1].Sequence, remaining - links.Count);
            await http.Response.Body.WriteAsync(buffer.WrittenMemory, ct);
            await http.Response.Body.FlushAsync(ct);
            buffer.ResetWrittenCount();
        }
    }

    private Task RecordAsync(Caller caller, AuditOutcome outcome, Guid hospital, CancellationToken ct) => trail.RecordAsync(
        AuditActor.Of(caller), new("export_audit_events", "audit_events") { Kind = AuditKind.Audit }, outcome, hospital, ct);

    private Task<List<AuditLink>> ReadLinksAsync(Guid hospital, long after, int count, CancellationToken ct) => db.Rows<AuditLink>().AsNoTracking()
        .Where(l => l.HospitalId == hospital && l.Sequence > after).OrderBy(l => l.Sequence).Take(count).ToListAsync(ct);

    private Task<Dictionary<Guid, AuditEventWithUser>> ReadEventsAsync(Guid hospital, List<Guid> ids, CancellationToken ct) => db.AuditEvents.AsNoTracking()
        .Where(e => e.HospitalId == hospital && ids.Contains(e.Id))
        .LeftJoin(db.People, e => new { e.HospitalId, Id = e.UserId }, p => new { p.HospitalId, p.Id },
            (e, p) => new AuditEventWithUser { Event = e, User = p })
        .ToDictionaryAsync(row => row.Event.Id, ct);

    /// <summary>Reads the query. Throws <see cref="ValidationFailed"/> with all errors, and <see cref="NotFound"/> for an unknown hospital.</summary>
    private async Task<(Guid Hospital, (long After, int Limit) Range)> ReadQueryAsync(IQueryCollection query, Caller caller, CancellationToken ct)
    {
        var errors = new Dictionary<string, List<string>>();
        foreach (var name in query.Keys.Where(name => !Parameters.Contains(name)))
            errors.AddError(name, $"is not a parameter here; there are {string.Join(", ", Parameters)}{DidYouMean.Hint(name, Parameters)}");
        var (after, limit, hospital) = (0L, ExportedAuditEvent.MaxLines, caller.HospitalId ?? Guid.Empty);
        if (query.TryGetValue("after", out var cursor) && !long.TryParse(cursor.ToString(), NumberStyles.None, CultureInfo.InvariantCulture, out after))
            errors.AddError("after", "must be the sequence of a line, in digits");
        if (query.TryGetValue("limit", out var lines)
            && !(int.TryParse(lines.ToString(), NumberStyles.None, CultureInfo.InvariantCulture, out limit) && limit is > 0 and <= ExportedAuditEvent.MaxLines))
            errors.AddError("limit", $"must be between 1 and {ExportedAuditEvent.MaxLines}");
        if (query.TryGetValue("hospital_id", out var named) && !Uuids.TryParse(named.ToString(), out hospital))
            errors.AddError("hospital_id", "must be a UUID");
        if (errors.Count > 0) throw new ValidationFailed(errors);
        // To callers of one hospital, another hospital does not exist.
        var isKnown = caller.HospitalId is { } own ? hospital == own : hospital == Guid.Empty || await hospitals.ExistsAsync(hospital, ct);
        return isKnown ? (hospital, (after, limit)) : throw new NotFound("hospital");
    }
}
