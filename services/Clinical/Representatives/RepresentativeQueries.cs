using System.Linq.Expressions;

namespace MedCor.Clinical.Representatives;

/// <summary>Queries who acts for whom.</summary>
internal static class RepresentativeQueries
{
    /// <summary>Returns the condition that a user is one of the two.</summary>
    internal static Expression<Func<Representative, bool>> Concerns(Guid userId) => r => r.PatientId == userId || r.UserId == userId;

    /// <summary>Joins relations with the names of both.</summary>
    internal static IQueryable<RepresentativeWithNames> WithNames(this ClinicalDb db, IQueryable<Representative> representatives) => representatives
        .LeftJoin(db.People, r => new { r.HospitalId, Id = r.PatientId }, p => new { p.HospitalId, p.Id }, (r, patient) => new { r, patient })
        .LeftJoin(db.People, v => new { v.r.HospitalId, Id = v.r.UserId }, u => new { u.HospitalId, u.Id },
            (v, user) => new RepresentativeWithNames { Representative = v.r, Patient = v.patient, User = user });
}
