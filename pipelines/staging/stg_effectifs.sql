-- Grain : un établissement et une rentrée ; les voies d'un même établissement s'additionnent.
with
    lignes as (select * from stg_effectifs_lignes where sort = 'gardee'),

    -- collège, lycée GT et lycée pro comptent des élèves différents : on les additionne
    lignes_voies as (
        select *
        from lignes
        where source in ('effectifs_colleges', 'effectifs_lycees_gt', 'effectifs_lycees_pro')
    ),
    voies as (select * from lignes_voies where effectif is not null),

    -- une voie dont le fichier tait la rentrée (année non publiée, total vide) garde sa dernière
    -- valeur ; une voie que le fichier de cette rentrée ne porte plus est fermée
    annees_publiees as (select distinct source, rentree from lignes_voies),
    totaux_vides as (select source, uai, rentree from lignes_voies where effectif is null),
    attendues as (
        select rentrees.uai, rentrees.rentree, sources.source
        from (select distinct uai, rentree from voies) as rentrees
        inner join (select distinct uai, source from voies) as sources on rentrees.uai = sources.uai
    ),
    reportees as (
        select
            attendues.uai,
            attendues.rentree,
            attendues.source,
            voies.effectif,
            voies.fichier,
            voies.ligne,
            voies.rentree as rentree_comptee
        from attendues
        asof inner join
            voies
            on attendues.uai = voies.uai
            and attendues.source = voies.source
            and attendues.rentree >= voies.rentree
        left join
            annees_publiees
            on attendues.source = annees_publiees.source
            and attendues.rentree = annees_publiees.rentree
        left join
            totaux_vides
            on attendues.source = totaux_vides.source
            and attendues.uai = totaux_vides.uai
            and attendues.rentree = totaux_vides.rentree
        where
            voies.rentree = attendues.rentree
            or annees_publiees.source is null
            or totaux_vides.uai is not null
    ),
    sommes as (
        select
            uai,
            rentree,
            min(rentree_comptee) as rentree_la_plus_ancienne,
            sum(effectif) as effectif,
            string_agg(source, ' + ' order by source) as source,
            string_agg(distinct fichier, ' + ' order by fichier) as fichier,
            min(source) as premiere_source,
            arg_min(fichier, source) as premier_fichier,
            arg_min(ligne, source) as ligne
        from reportees
        group by uai, rentree
    ),

    -- les autres fichiers comptent les mêmes élèves à nouveau : ils ne servent qu'à défaut
    ensembles as (
        select
            uai,
            rentree,
            rentree as rentree_la_plus_ancienne,
            effectif,
            source,
            fichier,
            source as premiere_source,
            fichier as premier_fichier,
            ligne
        from lignes
        where source in ('effectifs_second_degre', 'effectifs_ecoles') and effectif is not null
    ),

    brevet as (
        select
            uai,
            rentree,
            rentree as rentree_la_plus_ancienne,
            effectif,
            source,
            fichier,
            source as premiere_source,
            fichier as premier_fichier,
            ligne
        from lignes
        where source = 'effectifs_brevet' and effectif is not null
    ),

    -- par niveau d'abord, puis le second degré ou les écoles, le brevet en dernier
    reunies as (
        select *, false as est_recompte, false as est_du_brevet
        from sommes
        union all
        select *, true as est_recompte, false as est_du_brevet
        from ensembles
        union all
        select *, true as est_recompte, true as est_du_brevet
        from brevet
    ),

    classees as (
        select
            *,
            row_number() over (
                partition by uai, rentree order by est_du_brevet, est_recompte, source
            ) as rang,
            first_value(effectif) over (
                partition by uai, rentree order by est_du_brevet, est_recompte, source
            ) as effectif_retenu
        from reunies
    ),

    -- de toutes les sources de la même rentrée, celle qui s'écarte le plus du nombre retenu
    comparees as (
        select
            *,
            first_value(effectif) over (
                partition by uai, rentree order by abs(effectif - effectif_retenu) desc, source
            ) as effectif_le_plus_loin,
            first_value(source) over (
                partition by uai, rentree order by abs(effectif - effectif_retenu) desc, source
            ) as source_la_plus_loin
        from classees
    ),

    final as (
        select
            uai,
            rentree,
            rentree_la_plus_ancienne,
            cast(effectif as integer) as effectif,
            source,
            fichier,
            -- d'une somme de voies, la première : là où l'on va voir
            premiere_source,
            premier_fichier,
            ligne,
            case
                when effectif_le_plus_loin != effectif then cast(effectif_le_plus_loin as integer)
            end as effectif_autre_source,
            case when effectif_le_plus_loin != effectif then source_la_plus_loin end as autre_source
        from comparees
        where rang = 1
    )

select *
from final
