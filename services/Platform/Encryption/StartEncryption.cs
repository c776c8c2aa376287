using MedCor.Platform.Audit;
using MedCor.Platform.Database;
using MedCor.Platform.OperatorCommands;
using Microsoft.EntityFrameworkCore;

namespace MedCor.Platform.Encryption;

/// <summary>
/// Starts the encryption of texts after an upgrade from a version that could not read encrypted texts, once none of its processes runs any more: within a
/// minute all processes encrypt what they write, and the running service encrypts what is stored. There is no way back to that version. A new database needs
/// no start.
/// </summary>
internal sealed class StartEncryption(TenantDb db, IAuditTrail trail) : IOperatorCommand
{
    public string Name => "start-encryption";

    public async Task<int> RunAsync(string[] arguments, CancellationToken ct)
    {
        db.Tenancy.Enter(hospital: null);
        await using var transaction = await db.Database.BeginTransactionAsync(ct);
        if (await db.Database.ExecuteSqlAsync($"DELETE FROM encryption_not_started", ct) == 0)
        {
            Console.WriteLine("The encryption was started already; nothing was changed.");
            return 0;
        }
        await trail.RecordKeysAsync("start_encryption", hospital: null, ct);
        await transaction.CommitAsync(ct);
        Console.WriteLine("Within a minute all processes encrypt texts; those that are stored are encrypted in the background.");
        return 0;
    }
}
