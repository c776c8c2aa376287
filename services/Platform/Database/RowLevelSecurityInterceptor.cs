using System.Data.Common;
using Microsoft.EntityFrameworkCore.Diagnostics;

namespace MedCor.Platform.Database;

/// <summary>
/// Sets the visible hospital for PostgreSQL's row-level security, in the same round trip as the first command of each transaction or as a command outside a
/// transaction. It always uses <c>set_config(…, true)</c>, which ends with the transaction, so a pooled connection carries nothing over. Where texts are
/// encrypted, it also reads the hospital's keys before a query.
/// </summary>
internal sealed class RowLevelSecurityInterceptor : DbCommandInterceptor, IDbTransactionInterceptor
{
    internal const string ParameterName = "medcor_hospital";

    public ValueTask<DbTransaction> TransactionStartedAsync(DbConnection connection, TransactionEndEventData data, DbTransaction result,
        CancellationToken ct = default)
    {
        if (data.Context is TenantDb db) db.LeadingStatements.BeginTransaction();
        return ValueTask.FromResult(result);
    }

    public override async ValueTask<InterceptionResult<DbDataReader>> ReaderExecutingAsync(DbCommand command, CommandEventData data,
        InterceptionResult<DbDataReader> result, CancellationToken ct = default)
    {
        // The texts among the rows are decrypted synchronously.
        if (data.Context is TenantDb { Texts: { } texts, Tenancy: var tenancy } && tenancy.HospitalId is { } hospital)
            await texts.PrepareAsync(hospital, forWriting: false, ct);
        await LeadAsync(command, data, ct);
        return result;
    }

    public override async ValueTask<DbDataReader> ReaderExecutedAsync(DbCommand command, CommandExecutedEventData data, DbDataReader result,
        CancellationToken ct = default)
    {
        if (data.Context is TenantDb db)
            for (var unread = db.LeadingStatements.TakeUnreadResults(); unread > 0; unread--) await result.NextResultAsync(ct);
        return result;
    }

    public override async ValueTask<InterceptionResult<int>> NonQueryExecutingAsync(DbCommand command, CommandEventData data, InterceptionResult<int> result,
        CancellationToken ct = default)
    {
        await LeadAsync(command, data, ct);
        if (data.Context is TenantDb db) db.LeadingStatements.TakeUnreadResults();
        return result;
    }

    private static async ValueTask LeadAsync(DbCommand command, CommandEventData data, CancellationToken ct)
    {
        if (data.Context is not TenantDb db || !db.LeadingStatements.IsPending(command)) return;
        // EF Core finds the results of its changes by their position in the command, so nothing may precede them.
        if (data.CommandSource == CommandSource.SaveChanges)
        {
            await using var separate = command.Connection!.CreateCommand();
            separate.Transaction = command.Transaction;
            db.LeadingStatements.PrependTo(separate, db.Tenancy.RowLevelSecurityValue);
            await separate.ExecuteNonQueryAsync(ct);
            db.LeadingStatements.TakeUnreadResults();
        }
        else db.LeadingStatements.PrependTo(command, db.Tenancy.RowLevelSecurityValue);
    }
}
