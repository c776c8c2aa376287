using MedCor.ServiceDefaults.Authentication;
using MedCor.Validation;

namespace MedCor.Platform.Tenancy;

/// <summary>Determines the data that the current unit of work may access. Until it is set, queries throw, and the database would return no row.</summary>
public sealed class TenantContext
{
    /// <summary>The error of a call that concerns one hospital, names none, and whose caller belongs to none.</summary>
    public const string MissingHospital = "is required: platform administrators belong to no hospital";

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

    /// <summary>Adds an error when a call that concerns one hospital names none and its caller, a platform administrator, belongs to none.</summary>
    /// <param name="requestedId">The hospital that the call names as its <c>hospital_id</c>.</param>
    public void RequireHospital(Guid? requestedId, ParameterErrors errors)
    {
        if (requestedId is null && HospitalId is null) errors.Add("hospital_id", MissingHospital);
    }

    private T ThrowIfUndecided<T>(T value) => _isDecided ? value : throw new InvalidOperationException("No tenant has been entered.");
}
