using Npgsql;

namespace MedCor.ServiceDefaults.Database;

/// <summary>What the database refused.</summary>
public static class ConstraintViolations
{
    /// <summary>Whether a save failed on the constraint of that name.</summary>
    public static bool ViolatesConstraint(this Exception e, string constraint) => e.GetBaseException() is PostgresException refused && refused.ConstraintName == constraint;
}
