using System.Diagnostics.Metrics;
using System.Runtime.CompilerServices;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace MedCor.Platform.Audit;

/// <summary>
/// Writes audit events so that the transaction fails unless every event is stored exactly as it was sent: a trigger or a rule can suppress or alter a row
/// without an error. What failed for that reason raises an alarm: a critical log line, and the metric of the alert <c>AuditEventsAltered</c>.
/// </summary>
public sealed partial class AuditWriteCheck : IDisposable
{
    private const string Insert = "INSERT INTO audit_events SELECT * FROM pg_catalog.jsonb_populate_recordset(NULL::audit_events, {0}::jsonb)";

    /// <summary>
    /// Divides by zero, which ends the transaction, unless as many events are stored as were sent. It is a statement of its own, so that it sees the effects of
    /// all triggers. Functions are named with their schema, and one of them compares the rows, because PostgreSQL prefers a function or an operator for exactly
    /// these types, which the owner of the database could create. The keys say in which partitions the events are. The emergency override alone is not
    /// compared: a trigger of Clinical finds it.
    /// </summary>
    private const string Check = """
        SELECT 1 / (pg_catalog.count(*) = pg_catalog.cardinality({2}))::integer
        FROM pg_catalog.jsonb_populate_recordset(NULL::audit_events, {0}::jsonb) AS sent
        JOIN audit_events AS stored ON stored.hospital_id = sent.hospital_id AND stored.id = sent.id
        WHERE stored.hospital_id = ANY({1}) AND stored.id = ANY({2}) AND pg_catalog.record_eq(stored, pg_catalog.jsonb_populate_record(
            sent, pg_catalog.jsonb_build_object('emergency_override_id', stored.emergency_override_id)))
        """;

    private const string Statements = $"{Insert};\n{Check}";
    private const string RepeatableStatements = $"{Insert} ON CONFLICT DO NOTHING;\n{Check}";

    private static readonly string NumberedCheck = Number(Check);
    private static readonly string NumberedInsert = Number(Insert);

    private readonly Meter _meter = new("MedCor");
    private readonly ILogger _log;
    private long _failures;

    public AuditWriteCheck(ILogger<AuditWriteCheck> log)
    {
        _log = log;
        _meter.CreateObservableCounter("medcor.audit.altered", () => Volatile.Read(ref _failures), "{write}",
            "Writes of audit events that were refused because the database would have stored other rows than it was sent.");
    }

    /// <summary>Returns the statements that write events and check them, for a transaction of Entity Framework.</summary>
    /// <param name="events">The events, as a JSON array.</param>
    /// <param name="keys">The keys of the same events.</param>
    /// <param name="isRepeatable">Whether events that are stored already are left as they are.</param>
    public static FormattableString GetStatements(string events, IReadOnlyCollection<(Guid HospitalId, Guid Id)> keys, bool isRepeatable = false) =>
        FormattableStringFactory.Create(isRepeatable ? RepeatableStatements : Statements, events, Hospitals(keys), Ids(keys));

    /// <summary>Adds the commands that write events and check them to a batch.</summary>
    /// <param name="batch">The batch, which is executed as one transaction.</param>
    /// <param name="events">The events, as a JSON array.</param>
    /// <param name="keys">The keys of the same events.</param>
    public static void AddCommands(NpgsqlBatch batch, string events, IReadOnlyCollection<(Guid HospitalId, Guid Id)> keys)
    {
        batch.BatchCommands.Add(new(NumberedInsert) { Parameters = { new() { Value = events } } });
        batch.BatchCommands.Add(new(NumberedCheck)
        {
            Parameters = { new() { Value = events }, new() { Value = Hospitals(keys) }, new() { Value = Ids(keys) } },
        });
    }

    /// <summary>Executes a write that contains the check, and raises the alarm when the check has failed it.</summary>
    public async Task ExecuteAsync(Func<Task> write)
    {
        try
        {
            await write();
        }
        catch (PostgresException e) when (e.SqlState == PostgresErrorCodes.DivisionByZero)
        {
            Interlocked.Increment(ref _failures);
            LogAltered(_log);
            throw;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _meter.Dispose();

    /// <summary>Names the parameters as PostgreSQL does.</summary>
    private static string Number(string statement) => statement
        .Replace("{0}", "$1", StringComparison.Ordinal).Replace("{1}", "$2", StringComparison.Ordinal).Replace("{2}", "$3", StringComparison.Ordinal);

    private static Guid[] Hospitals(IEnumerable<(Guid HospitalId, Guid Id)> keys) => [.. keys.Select(key => key.HospitalId).Distinct()];

    private static Guid[] Ids(IEnumerable<(Guid HospitalId, Guid Id)> keys) => [.. keys.Select(key => key.Id)];

    [LoggerMessage(2002, LogLevel.Critical,
        "The database did not store audit events as they were sent; the call was refused. Look for foreign triggers and rules: run verify-audit")]
    private static partial void LogAltered(ILogger log);
}
