using Npgsql;

namespace MedCor.Platform.Database;

/// <summary>Identifies the database constraint that a save violated.</summary>
public static class ConstraintViolations
{
    /// <summary>Returns whether a save failed because of the named constraint.</summary>
    public static bool ViolatesConstraint(this Exception e, string constraint) =>
        e.GetBaseException() is PostgresException refused && refused.ConstraintName == constraint;
}
