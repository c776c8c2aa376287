using System.Data.Common;
using System.Globalization;

namespace MedCor.Platform.Database;

/// <summary>
/// Collects the statements of a unit of work whose results nobody reads, such as those that take locks. They are executed in the same round trip as the next
/// command, before it; the first in each transaction, and before each command outside a transaction, is the one that sets the visible hospital.
/// </summary>
internal sealed class LeadingStatements
{
    private const string SetHospital = $"SELECT set_config('medcor.hospital', @{RowLevelSecurityInterceptor.ParameterName}, true);\n";

    private readonly List<FormattableString> _statements = [];
    private bool _isHospitalPending;
    private int _unreadResults;

    public void BeginTransaction()
    {
        Clear();
        _isHospitalPending = true;
    }

    /// <summary>Adds a query whose result is ignored.</summary>
    public void Add(FormattableString query) => _statements.Add(query);

    public void Clear()
    {
        _statements.Clear();
        _isHospitalPending = false;
        _unreadResults = 0;
    }

    /// <summary>Returns whether something must be executed before a command.</summary>
    public bool IsPending(DbCommand command) => _isHospitalPending || _statements.Count > 0 || command.Transaction is null;

    /// <summary>Inserts the collected statements before a command's own.</summary>
    /// <param name="hospital">The value that row-level security reads.</param>
    public void PrependTo(DbCommand command, string hospital)
    {
        // In the order of execution: each is put before what the command already has.
        for (var i = _statements.Count - 1; i >= 0; i--)
        {
            var (statement, n) = (_statements[i], i);
            string[] names = [.. statement.GetArguments().Select((_, j) => string.Create(CultureInfo.InvariantCulture, $"leading_{n}_{j}"))];
            foreach (var (name, value) in names.Zip(statement.GetArguments())) AddParameter(command, name, value);
            var query = string.Format(CultureInfo.InvariantCulture, statement.Format, [.. names.Select(name => $"@{name}")]);
            command.CommandText = $"{query};\n{command.CommandText}";
            _unreadResults++;
        }
        if (_isHospitalPending || command.Transaction is null)
        {
            AddParameter(command, RowLevelSecurityInterceptor.ParameterName, hospital);
            command.CommandText = SetHospital + command.CommandText;
            _unreadResults++;
        }
        _statements.Clear();
        _isHospitalPending = false;
    }

    /// <summary>Returns how many results precede those of the command that was sent last, once.</summary>
    public int TakeUnreadResults() => Interlocked.Exchange(ref _unreadResults, 0);

    private static void AddParameter(DbCommand command, string name, object? value)
    {
        var parameter = command.CreateParameter();
        (parameter.ParameterName, parameter.Value) = (name, value ?? DBNull.Value);
        command.Parameters.Add(parameter);
    }
}
