using MedCor.ServiceDefaults.Authentication;

namespace MedCor.Platform.Tenancy;

/// <summary>Determines the data that the current unit of work may access. Until it is set, queries throw, and the database would return no row.</summary>
public sealed class TenantContext
{
    private Caller? _caller;
    private bool _isDecided;

    /// <summary>Gets the only visible hospital; null when all hospitals are visible.</summary>
    public Guid? HospitalId { get => ThrowIfUndecided(field); private set; }

    /// <summary>Gets whether every hospital is visible.</summary>
    public bool SeesAllHospitals => ThrowIfUndecided(HospitalId is null);

    /// <summary>Gets the caller. Throws <see cref="InvalidOperationException"/> when there is none: event handlers and startup have no caller.</summary>
    public Caller Caller => _caller ?? throw new InvalidOperationException("There is no caller.");

    /// <summary>Gets the value of the setting <c>medcor.hospital</c>, which the database's row-level security reads.</summary>
    public string RowLevelSecurityValue => HospitalId?.ToString() ?? "*";

    /// <summary>Grants access on behalf of a caller: to the caller's hospital, or to all hospitals for the platform administrator.</summary>
    public void Enter(Caller caller)
    {
        _caller = caller;
        Enter(caller.HospitalId);
    }

    /// <summary>Grants access to a hospital or, without one, to all hospitals: for events, startup and login, which have no caller yet.</summary>
    public void Enter(Guid? hospital)
    {
        _isDecided = true;
        HospitalId = hospital;
    }

    private T ThrowIfUndecided<T>(T value) => _isDecided ? value : throw new InvalidOperationException("No tenant has been entered.");
}
