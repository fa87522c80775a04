//! The parameters of a query as OpenAPI describes them: those of its groups.

use utoipa::IntoParams;
use utoipa::openapi::path::{Parameter, ParameterIn};

use super::Query;

/// The groups of a query.
pub(in crate::api) trait Groups {
    /// Describes the parameters of all of them.
    fn parameters() -> Vec<Parameter>;
}

impl<T: Groups> IntoParams for Query<T> {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        T::parameters()
    }
}

macro_rules! groups {
    ($($group:ident)+) => {
        impl<$($group: IntoParams),+> Groups for ($($group,)+) {
            fn parameters() -> Vec<Parameter> {
                let query = || Some(ParameterIn::Query);
                [$($group::into_params(query)),+].concat()
            }
        }
    };
}

groups!(A);
groups!(A B);
groups!(A B C);
groups!(A B C D);
groups!(A B C D E);
groups!(A B C D E F);
groups!(A B C D E F G);
groups!(A B C D E F G H);
groups!(A B C D E F G H I);
groups!(A B C D E F G H I J);
