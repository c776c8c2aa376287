using System.Buffers;
using System.Text;
using System.Text.Json;
using MedCor.Contracts;
using MedCor.Contracts.Clinical;
using MedCor.Platform.Audit;
using MedCor.Platform.Calls;
using MedCor.Platform.Database;
using MedCor.Platform.Messaging;
using MedCor.Validation;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace MedCor.Platform.Exports;

/// <summary>
/// Represents one page of an export. Users export their own data; administrators of a hospital export that of its users, and that of the hospital. Each page is
/// recorded before it is sent.
/// </summary>
internal sealed class ExportCall(HttpContext http)
    : Call(http, ExportPage.Resource, Callers.Everyone, scope: null, isAudited: true)
{
    /// <summary>The number of bytes after which a page ends.</summary>
    private const int MaxBytes = 1024 * 1024;

    private ExportPage _page = new();
    private int _rows;

    /// <summary>The tables of which the page has rows, in the order of the export.</summary>
    private readonly List<string> _tables = [];

    protected override async Task HandleAsync()
    {
        _page = ParameterReader<ExportPage>.Read(await Http.ReadBodyAsync());
        var db = Services.GetRequiredService<TenantDb>();
        EnsurePermitted(db);
        // Only the gateway reaches this path, so the request that began the export was checked.
        if (!_page.IsUnderWay) db.Tenancy.Caller.RequireStepUp(Services.GetRequiredService<TimeProvider>().GetUtcNow());
        var position = ReadPosition();
        using var memory = await AcquireMemoryAsync(ExportPage.MaxRows);
        if (_page is { UserId: { } user, After: null } && Services.GetService<IExportedPeople>() is { } people && !await people.ExistsAsync(user, Aborted))
            throw new NotFound("user");

        var output = new ArrayBufferWriter<byte>();
        var next = await WriteRowsAsync(output, db, position);
        if (next is not null) output.Write(Encoding.UTF8.GetBytes(JsonSerializer.Serialize(next, Json.Options)));
        await WriteAuditEventAsync(Services.GetRequiredService<IAuditTrail>(), AuditOutcome.Done, [], Aborted);
        Http.Response.ContentType = "application/x-ndjson";
        await Http.Response.BodyWriter.WriteAsync(output.WrittenMemory, Aborted);
    }

    protected override Task WriteAuditEventAsync(IAuditTrail trail, AuditOutcome outcome,
        IReadOnlyCollection<AuditedEntity> content, CancellationToken ct) =>
        trail.RecordAsync(new(_page.UserId is null ? "export_hospital" : "export_user", ExportPage.Resource, PatientId: _page.UserId)
        {
            Rows = _rows,
            Fields = outcome == AuditOutcome.Done ? _tables : null,
        }, outcome, content, ct);

    private void EnsurePermitted(TenantDb db)
    {
        var caller = db.Tenancy.Caller;
        if (caller.Kind != Callers.HospitalAdmin && (_page.UserId is null || _page.UserId != caller.UserId || caller.HospitalId is null))
            throw new Forbidden("You may export your own data only. Administrators of a hospital export that of its users and of the hospital.");
        if (_page.UserId != caller.UserId) caller.RequireOwnLogIn("export the data of others");
        if (caller.Scopes is not null) throw new Forbidden("An export contains everything, so it requires a token without scopes. Log in for it.");
    }

    private ExportPosition? ReadPosition()
    {
        try
        {
            return _page.After is null ? null : JsonSerializer.Deserialize<ExportPosition>(_page.After, Json.Strict);
        }
        catch (JsonException)
        {
            throw new ValidationFailed("after", "is not the position of a page");
        }
    }

    /// <summary>Writes the rows of a page and returns the position of the next; null after the last row.</summary>
    private async Task<ExportPosition?> WriteRowsAsync(ArrayBufferWriter<byte> output, TenantDb db, ExportPosition? position)
    {
        var service = Services.GetRequiredService<ServiceInfo>().Name;
        foreach (var table in ExportedTable.Of(db.Model, service, ofPerson: _page.UserId is not null, isOwn: _page.UserId == db.Tenancy.Caller.UserId))
        {
            var order = position is null ? 1 : string.CompareOrdinal(table.Name, position.Table);
            if (order < 0) continue;
            if (_rows == ExportPage.MaxRows) return new(table.Name, null);
            // One by one: some rows have several megabytes.
            var rows = table.ReadAsync(db, _page.UserId, order == 0 ? position!.Key : null, ExportPage.MaxRows - _rows);
            await foreach (var row in rows.WithCancellation(Aborted))
            {
                table.Write(output, service, row);
                if (_tables.LastOrDefault() != table.Name) _tables.Add(table.Name);
                if (++_rows == ExportPage.MaxRows || output.WrittenCount > MaxBytes) return new(table.Name, table.GetKey(row));
            }
        }
        return null;
    }

    /// <summary>Represents the place between two pages.</summary>
    /// <param name="Key">The key of the last row that was exported of the table; null when none was.</param>
    private sealed record ExportPosition(string Table, JsonElement[]? Key);
}

/// <summary>Determines which people there are, in the service that owns them.</summary>
public interface IExportedPeople
{
    /// <summary>Returns whether the caller's hospital has a user with an ID.</summary>
    Task<bool> ExistsAsync(Guid user, CancellationToken ct);
}

internal static class ExportEndpoint
{
    /// <summary>Maps the service's part of an export.</summary>
    internal static void MapExports(this IEndpointRouteBuilder app) => app.MapPost(ExportPage.Path, http => new ExportCall(http).RunAsync());
}
