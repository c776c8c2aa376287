namespace MedCor.Platform.Querying;

/// <summary>Specifies how many rows of a hospital one value of a field matches, and whether part of the value finds them.</summary>
[Flags]
public enum Selectivity
{
    /// <summary>The number of matching rows grows with the hospital, as for a status or a day.</summary>
    Low = 0,

    /// <summary>The matching rows are those of one person or thing, however large the hospital; an index finds them.</summary>
    High = 1,

    /// <summary>Part of a value is found as well, by the trigram index on the list's <see cref="QueryableFields{T}.SearchText"/>, which contains it.</summary>
    Searchable = 2,

    /// <summary>
    /// Nearly all rows have one of the field's few values, and an index that begins with the field is partial: it covers the other values. The value is written
    /// into the statement, because a cached plan for a parameter could not know that the index covers it.
    /// </summary>
    Skewed = 4,
}
