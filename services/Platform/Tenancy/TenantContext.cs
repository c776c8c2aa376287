using MedCor.ServiceDefaults.Authentication;

namespace MedCor.Platform.Tenancy;

/// <summary>Whose data the present unit of work may touch. Nothing until somebody says: a query before that throws, and the database would show it no row.</summary>
public sealed class TenantContext
{
    private Caller? _caller;
    private bool _isDecided;

    /// <summary>The one hospital that is visible; none when all are.</summary>
    public Guid? HospitalId { get => ThrowIfUndecided(field); private set; }

    /// <summary>Whether every hospital is visible.</summary>
    public bool SeesAllHospitals => ThrowIfUndecided(HospitalId is null);

    /// <summary>Who is calling. Throws when nobody is: events and start-up have no caller.</summary>
    public Caller Caller => _caller ?? throw new InvalidOperationException("Nobody is calling here.");

    /// <summary>The value for the database's own seal, <c>medcor.hospital</c>.</summary>
    internal string RowLevelSecurityValue => HospitalId?.ToString() ?? "*";

    /// <summary>Works for a caller: within their hospital, or everywhere for the platform administrator.</summary>
    public void Enter(Caller caller)
    {
        _caller = caller;
        Enter(caller.HospitalId);
    }

    /// <summary>Works within a hospital, or, given none, on everything: for events, start-up and log-in, which have no caller yet.</summary>
    public void Enter(Guid? hospital)
    {
        _isDecided = true;
        HospitalId = hospital;
    }

    private T ThrowIfUndecided<T>(T value) => _isDecided ? value : throw new InvalidOperationException("Whose data this may touch has not been decided.");
}
