using MedCor.Platform.Audit;
using MedCor.Platform.Database;
using MedCor.Platform.LocalCopies;
using MedCor.Platform.OperatorCommands;
using MedCor.Platform.Secrets;
using Microsoft.EntityFrameworkCore;

namespace MedCor.Platform.Encryption;

/// <summary>
/// Destroys the keys of a hospital, for good: what is encrypted with them can never be read again, and nothing can be written for the hospital any more. Asks
/// for the name of the hospital. Backups of the database contain the keys, wrapped, until the secret of the configuration is replaced.
/// </summary>
internal sealed class DestroyDataKeys(TenantDb db, DataKeyWrapping wrapping, IAuditTrail trail, TimeProvider clock) : IOperatorCommand
{
    public string Name => "destroy-data-keys";

    public bool TakesArguments => true;

    /// <summary>Gets the reader of the confirmation.</summary>
    internal TextReader Input { get; init; } = Console.In;

    public async Task<int> RunAsync(string[] arguments, CancellationToken ct)
    {
        if (arguments is not [var argument] || !Guid.TryParse(argument, out var id))
        {
            await Console.Error.WriteLineAsync($"Usage: {Name} HOSPITAL. The name of the hospital is the first line of the standard input.");
            return 64;
        }
        db.Tenancy.Enter(hospital: null);
        var hospital = await db.Rows<HospitalCopy>().AsNoTracking().SingleOrDefaultAsync(h => h.HospitalId == id, ct);
        if (hospital is null || hospital.IsActive)
        {
            await Console.Error.WriteLineAsync(
                hospital is null ? "There is no such hospital; nothing was changed." : "The hospital is active; deactivate it first. Nothing was changed.");
            return 1;
        }
        if (!Console.IsInputRedirected) await Console.Error.WriteAsync($"Type the name of the hospital, {hospital.Name}, to make its texts unreadable: ");
        if (await Input.ReadLineAsync(ct) is not { } typed || typed.Trim() != hospital.Name)
        {
            await Console.Error.WriteLineAsync("That is not its name; nothing was changed.");
            return 1;
        }
        await DestroyAsync(id, ct);
        Console.WriteLine("The keys are destroyed. Within a minute no process can read the texts any more.");
        return 0;
    }

    /// <summary>Destroys the keys of a hospital, and keeps others from being created.</summary>
    internal async Task DestroyAsync(Guid hospital, CancellationToken ct)
    {
        var now = clock.GetUtcNow();
        await using var transaction = await db.Database.BeginTransactionAsync(ct);
        await db.Database.ExecuteSqlAsync($"""
            INSERT INTO data_keys (id, hospital_id, secret_id, created_at) VALUES ({Guid.CreateVersion7(now)}, {hospital}, {wrapping.SecretId}, {now})
            ON CONFLICT (hospital_id) WHERE retired_at IS NULL DO NOTHING
            """, ct);
        await db.Database.ExecuteSqlAsync($"UPDATE data_keys SET wrapped = NULL WHERE hospital_id = {hospital}", ct);
        await trail.RecordKeysAsync("destroy_data_keys", hospital, ct);
        await transaction.CommitAsync(ct);
    }
}
