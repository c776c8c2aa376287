using System.Globalization;
using MedCor.Platform.Database;
using MedCor.Platform.Messaging;
using MedCor.Platform.OperatorCommands;
using Microsoft.EntityFrameworkCore;

namespace MedCor.Platform.Audit;

/// <summary>
/// Sends the service that lists the events of all services copies of this one's again: those of the last week, or since the day that is given. For when copies
/// were lost, as by a restore of that service's database or of the broker. A copy that is there already changes nothing.
/// </summary>
internal sealed class CopyAudit(TenantDb db, ServiceInfo service) : IOperatorCommand
{
    private const int BatchSize = 500;
    private const int DefaultDays = 7;

    public string Name => "copy-audit";

    public bool TakesArguments => true;

    public async Task<int> RunAsync(string[] arguments, CancellationToken ct)
    {
        var since = DateOnly.FromDateTime(db.UtcNow.UtcDateTime).AddDays(-DefaultDays);
        if (arguments.Length > 1 || (arguments is [var day] && !DateOnly.TryParseExact(day, "yyyy-MM-dd", CultureInfo.InvariantCulture, default, out since)))
        {
            await Console.Error.WriteLineAsync($"{string.Join(' ', arguments)} is not a day. The format is 2026-01-31.");
            return 64;
        }

        db.Tenancy.Enter(hospital: null);
        var count = 0L;
        foreach (var hospital in await db.ReadChainedHospitalsAsync(ct))
            for (var last = Guid.Empty; await ReadAsync(hospital, since, last, ct) is { Count: > 0 } events; last = events[^1].Id)
            {
                await AuditCopies.SendAsync(db, service.Name, events, ct);
                db.ChangeTracker.Clear();
                count += events.Count;
            }
        Console.WriteLine($"{count} events since {since:yyyy-MM-dd} are being copied to {AuditCopies.Keeper}.");
        return 0;
    }

    /// <summary>Returns the events of a hospital after one of them, in the order of their ids and so about that of their times.</summary>
    private Task<List<AuditEvent>> ReadAsync(Guid hospital, DateOnly since, Guid last, CancellationToken ct) => db.Set<AuditEvent>().FromSql($"""
        SELECT * FROM audit_events WHERE hospital_id = {hospital} AND id >= first_id_of({since}) AND id > {last} ORDER BY id LIMIT {BatchSize}
        """).IgnoreQueryFilters(TenantDb.IgnoredFilters).AsNoTracking().ToListAsync(ct);
}
