using Npgsql;

namespace MedCor.Platform.Database;

/// <summary>Tells which constraint of the database a save violated.</summary>
public static class ConstraintViolations
{
    /// <summary>Returns whether a save failed on the constraint of that name.</summary>
    public static bool ViolatesConstraint(this Exception e, string constraint) => e.GetBaseException() is PostgresException refused && refused.ConstraintName == constraint;
}
