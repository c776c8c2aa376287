using System.Data.Common;
using Microsoft.EntityFrameworkCore.Diagnostics;

namespace MedCor.Platform.Database;

/// <summary>
/// Sets the visible hospital for PostgreSQL's row-level security: at the start of each transaction and, outside a transaction, in the same round trip as the
/// query. It always uses <c>set_config(…, true)</c>, which ends with the transaction, so a pooled connection carries nothing over.
/// </summary>
internal sealed class RowLevelSecurityInterceptor : DbCommandInterceptor, IDbTransactionInterceptor
{
    internal const string ParameterName = "medcor_hospital";
    private const string SetHospitalSql = "SELECT set_config('medcor.hospital', @" + ParameterName + ", true);\n";

    public override ValueTask<InterceptionResult<DbDataReader>> ReaderExecutingAsync(DbCommand command, CommandEventData data,
        InterceptionResult<DbDataReader> result, CancellationToken ct = default)
    {
        PrependSetHospital(command, data);
        return ValueTask.FromResult(result);
    }

    public override async ValueTask<DbDataReader> ReaderExecutedAsync(DbCommand command, CommandExecutedEventData data, DbDataReader result,
        CancellationToken ct = default)
    {
        if (command.CommandText.StartsWith(SetHospitalSql, StringComparison.Ordinal)) await result.NextResultAsync(ct); // skips the result of set_config
        return result;
    }

    public override ValueTask<InterceptionResult<int>> NonQueryExecutingAsync(DbCommand command, CommandEventData data, InterceptionResult<int> result,
        CancellationToken ct = default)
    {
        PrependSetHospital(command, data);
        return ValueTask.FromResult(result);
    }

    public async ValueTask<DbTransaction> TransactionStartedAsync(DbConnection connection, TransactionEndEventData data, DbTransaction result,
        CancellationToken ct = default)
    {
        await using var command = connection.CreateCommand();
        command.Transaction = result;
        command.CommandText = SetHospitalSql;
        AddParameter(command, data.Context);
        await command.ExecuteNonQueryAsync(ct);
        return result;
    }

    private static void PrependSetHospital(DbCommand command, CommandEventData data)
    {
        if (command.Transaction is not null || data.Context is not TenantDb) return;
        command.CommandText = SetHospitalSql + command.CommandText;
        AddParameter(command, data.Context);
    }

    private static void AddParameter(DbCommand command, Microsoft.EntityFrameworkCore.DbContext? db)
    {
        var parameter = command.CreateParameter();
        parameter.ParameterName = ParameterName;
        parameter.Value = ((TenantDb)db!).Tenancy.RowLevelSecurityValue;
        command.Parameters.Add(parameter);
    }
}
